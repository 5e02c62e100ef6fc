/** Which of two hours that read the same a moment lies in. */
const NEAR_MS = 3 * 3_600_000; // no clock is put back by more

/** ` UTC+3` in the hour that the clocks show twice in autumn, else nothing. */
export function zone(ms: number): string {
  const here = offset(ms);
  const [before, after] = [offset(ms - NEAR_MS), offset(ms + NEAR_MS)];
  const again = after < here && offset(ms + (here - after)) === after;
  const already = before > here && offset(ms - (before - here)) === before;
  if (!again && !already) return '';
  const minutes = Math.abs(here) / 60_000;
  return ` UTC${here < 0 ? '−' : '+'}${Math.floor(minutes / 60)}${minutes % 60 ? `:${minutes % 60}` : ''}`;
}

function offset(ms: number): number {
  return -60_000 * new Date(ms).getTimezoneOffset();
}
