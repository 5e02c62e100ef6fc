/** Sentences with values in them, by a catalogue of `there is no device {}` to `Es gibt kein Gerät {}`. In what it gives,
 * `{}` is a value as it came, `{!}` one that is a sentence in its turn, `{#}` a figure with commas between thousands. */

const VALUE = '{}';
const PLACE = /\{([!#]?)\}/g;
const GLUE = 6; // letters: `{} at {}, {}` fits what anybody says
const FIELD = /^([\w.[\]-]+): (.+)$/s; // `properties.radius: is needed`

/** What the catalogue does not have is said as it came. Where several fit it is the one that says most, and before those
 * that begin with anything one that begins as the sentence does. */
export function makeSay(catalogue: Readonly<Record<string, string>>): (sentence: string) => string {
  const patterns = Object.entries(catalogue)
    .filter(([said]) => said.includes(VALUE))
    .sort(([one], [other]) => Number(startsOpen(one)) - Number(startsOpen(other)) || wordsOf(other) - wordsOf(one))
    .map(([said, to]) => ({ said, to, pattern: patternOf(said) }));

  const find = (sentence: string): string | null => {
    if (Object.hasOwn(catalogue, sentence)) return catalogue[sentence]!;
    const [, field, rest] = FIELD.exec(sentence) ?? [];
    const found = rest === undefined ? null : find(rest);
    if (found !== null) return `${field}: ${found}`;
    for (const { said, to, pattern } of patterns) {
      const values = pattern.exec(sentence)?.slice(1);
      if (!values || (isGlue(said) && find(values[0]!) === null)) continue;
      const named = startsOpen(said) && values[0]!.includes(': ') ? findNamed(sentence) : null;
      return named ?? fill(to, values, say);
    }
    return findNamed(sentence);
  };
  const findNamed = (sentence: string) => findAfter(': ', sentence, (name, said) => [name, find(said)]);
  const say = (sentence: string): string =>
    find(sentence) ?? findAfter('; ', sentence, (first, rest) => [find(first), say(rest)]) ?? sentence;
  return say;
}

/** At the first place where the two sides of what stands between them can be said. */
function findAfter(
  between: string,
  sentence: string,
  read: (before: string, after: string) => [string | null, string | null],
): string | null {
  for (let at = sentence.indexOf(between); at >= 0; at = sentence.indexOf(between, at + 1)) {
    const [before, after] = read(sentence.slice(0, at), sentence.slice(at + between.length));
    if (before !== null && after !== null) return before + between + after;
  }
  return null;
}

function patternOf(said: string): RegExp {
  const parts = said.split(VALUE).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('(.*?)')}$`, 's');
}

function fill(to: string, values: readonly string[], say: (sentence: string) => string): string {
  let next = 0;
  return to.replaceAll(PLACE, (_, kind: string) => {
    const value = values[next++] ?? '';
    return kind === '!' ? say(value) : kind === '#' ? value.replaceAll(',', '.') : value;
  });
}

function isGlue(said: string): boolean {
  return startsOpen(said) && wordsOf(said) <= GLUE;
}

function startsOpen(said: string): boolean {
  return said.startsWith(VALUE);
}

function wordsOf(said: string): number {
  return said.replaceAll(VALUE, '').length;
}
