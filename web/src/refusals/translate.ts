/** Sentences with values in them, by a catalogue of `there is no device {}` to `Es gibt kein Gerät {}`. */

const VALUE = '{}';
const GLUE = 6; // letters: `{} at {}, {}` fits what anybody says
const FIELD = /^([\w.[\]-]+): (.+)$/s; // `properties.radius: is needed`

/** What the catalogue does not have is said as it came. A value may be a sentence in its turn; a name that is a word of
 * the catalogue stays a name. */
export function makeSay(catalogue: Readonly<Record<string, string>>): (sentence: string) => string {
  const patterns = Object.entries(catalogue)
    .filter(([said]) => said.includes(VALUE))
    .sort(([one], [other]) => wordsOf(other) - wordsOf(one)) // the one that says most
    .map(([said, to]) => ({ said, to, pattern: patternOf(said) }));

  const find = (sentence: string): string | null => {
    if (Object.hasOwn(catalogue, sentence)) return catalogue[sentence]!;
    const [, field, rest] = FIELD.exec(sentence) ?? [];
    const found = rest === undefined ? null : find(rest);
    if (found !== null) return `${field}: ${found}`;
    for (const { said, to, pattern } of patterns) {
      const values = pattern.exec(sentence)?.slice(1);
      if (!values || (isGlue(said) && find(values[0]!) === null)) continue;
      const isSaid = (value: string, at: number) => value.includes(' ') || (at === 0 && said.startsWith(VALUE));
      return fill(
        to,
        values.map((value, at) => (isSaid(value, at) ? say(value) : value)),
      );
    }
    return null;
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

function isGlue(said: string): boolean {
  return said.startsWith(VALUE) && wordsOf(said) <= GLUE;
}

function wordsOf(said: string): number {
  return said.replaceAll(VALUE, '').length;
}
