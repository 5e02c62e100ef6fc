/** When to connect again, if at all. */

const FIRST_MS = 500;
const LAST_MS = 30_000;
const LEAST_MS = 100; // full jitter may draw zero; a loop of zeros would hammer a server that refuses
const TOO_MANY = 4029;

/** Full jitter: anywhere up to a ceiling that doubles, so that a thousand viewers of a restarted server spread out. */
export function backoff(attempt: number, code: number, random: () => number): number {
  const ceiling = code === TOO_MANY ? LAST_MS : Math.min(LAST_MS, FIRST_MS * 2 ** attempt);
  return Math.max(LEAST_MS, random() * ceiling);
}

/** 4500 to 4999 mean that connecting again would end the same way. */
export function isFinal(code: number): boolean {
  return code >= 4500 && code <= 4999;
}
