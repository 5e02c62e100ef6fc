/** Sentences with values in them, by a catalogue of `there is no device {}` to `Es gibt kein Gerät {}`. */

const VALUE = '{}';
const FIELD = /^([\w.[\]-]+): (.+)$/s; // `properties.radius: is needed`

/** What the catalogue does not have is said as it came. A value may be a sentence in its turn. */
export function makeSay(catalogue: Readonly<Record<string, string>>): (sentence: string) => string {
  const patterns = Object.entries(catalogue)
    .filter(([said]) => said.includes(VALUE))
    .sort(([one], [other]) => wordsOf(other) - wordsOf(one)) // the one that says most
    .map(([said, to]) => [patternOf(said), to] as const);

  const find = (sentence: string): string | null => {
    if (Object.hasOwn(catalogue, sentence)) return catalogue[sentence]!;
    for (const [pattern, to] of patterns) {
      const values = pattern.exec(sentence)?.slice(1);
      if (values) return fill(to, values.map(say));
    }
    const [, field, rest] = FIELD.exec(sentence) ?? [];
    const found = rest === undefined ? null : find(rest);
    return found === null ? null : `${field}: ${found}`;
  };
  const say = (sentence: string) => find(sentence) ?? sentence;
  return say;
}

function patternOf(said: string): RegExp {
  const parts = said.split(VALUE).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('(.*?)')}$`, 's');
}

function fill(to: string, values: readonly string[]): string {
  let next = 0;
  return to.replaceAll(VALUE, () => values[next++] ?? '');
}

function wordsOf(said: string): number {
  return said.replaceAll(VALUE, '').length;
}
