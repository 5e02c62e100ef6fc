/** Sentences with values in them, by a catalogue of `there is no device {}` to `Es gibt kein Gerät {}`. In what it gives,
 * `{}` is a value as it came, `{!}` one that is a sentence in its turn, `{#}` a figure with commas between thousands. */

const VALUE = '{}';
const PLACE = /\{([!#]?)\}/g;
const GLUE = 6; // letters: `{} at {}, {}` fits what anybody says
const NAME = ': '; // `Way 7: a line of one place is passed over`
const NEXT = '; '; // one sentence after another
const FIELD = /^[\w.[\]-]+: /; // `properties.radius: is needed`

type Read = (sentence: string) => string | null;
type Pattern = { readonly said: string; readonly to: string; readonly pattern: RegExp };

/** What the catalogue does not have is said as it came. Where several fit it is the one that says most, and before those
 * that begin with anything one that begins as the sentence does. */
export function makeSay(catalogue: Readonly<Record<string, string>>): (sentence: string) => string {
  const patterns = Object.entries(catalogue)
    .filter(([said]) => said.includes(VALUE))
    .sort(([one], [other]) => Number(startsOpen(one)) - Number(startsOpen(other)) || wordsOf(other) - wordsOf(one))
    .map(([said, to]) => ({ said, to, pattern: patternOf(said) }));
  const spanning = Object.keys(catalogue)
    .filter((said) => said.includes(NEXT))
    .map((said) => patternOf(said, '(?:^|: )'));
  return (sentence) => makeReader(catalogue, patterns, spanning)(sentence);
}

/** For one sentence. No part of it is read twice, for what a stranger said may have any number of names and parts. */
function makeReader(
  catalogue: Readonly<Record<string, string>>,
  patterns: readonly Pattern[],
  spanning: readonly RegExp[],
) {
  const findExact = (sentence: string) => (Object.hasOwn(catalogue, sentence) ? catalogue[sentence]! : null);
  const makeFind = (read: (value: string) => string | null): Read => {
    const findNamed = (sentence: string): string | null => {
      const at = sentence.indexOf(NAME);
      const rest = at < 0 ? null : find(sentence.slice(at + NAME.length));
      return rest === null ? null : sentence.slice(0, at + NAME.length) + rest;
    };
    const findOne = (sentence: string): string | null => {
      const named = findNamed(sentence);
      if (named !== null && FIELD.test(sentence)) return named;
      for (const { said, to, pattern } of patterns) {
        const values = pattern.exec(sentence)?.slice(1);
        if (!values || (isGlue(said) && find(values[0]!) === null)) continue;
        return (startsOpen(said) && values[0]!.includes(NAME) ? named : null) ?? fill(to, values, read);
      }
      return named;
    };
    const find = once((sentence) => findExact(sentence) ?? findOne(sentence));
    return find;
  };
  const find = makeFind((value) => say(value));
  // Of what comes first all is to be known, or `the file is empty: a link is passed over; nothing is fetched` were two.
  const findKnown = makeFind((value) => findAll(value) ?? findKnown(value));
  // Looked for before a pattern or a name, either of which would take as a value all that is said before or after.
  const findAll: Read = once(
    (sentence) => findExact(sentence) ?? split(sentence, findKnown, (rest) => findAll(rest) ?? findKnown(rest)),
  );
  // `covers no area; simplify it first` is one sentence, though it begins as another does; it may have a name before it.
  const findFirst = (sentence: string) =>
    spanning.some((pattern) => pattern.test(sentence)) ? null : split(sentence, findKnown, say);
  const say: (sentence: string) => string = once(
    (sentence) => findAll(sentence) ?? findFirst(sentence) ?? find(sentence) ?? sentence,
  );
  return say;
}

/** At the first place where both sides can be read. The second is not looked at where the first cannot be. */
function split(sentence: string, readFirst: Read, readRest: Read): string | null {
  for (let at = sentence.indexOf(NEXT); at >= 0; at = sentence.indexOf(NEXT, at + 1)) {
    const first = readFirst(sentence.slice(0, at));
    const rest = first === null ? null : readRest(sentence.slice(at + NEXT.length));
    if (rest !== null) return first + NEXT + rest;
  }
  return null;
}

function once<Read>(read: (sentence: string) => Read): (sentence: string) => Read {
  const had = new Map<string, Read>();
  return (sentence) => {
    if (!had.has(sentence)) had.set(sentence, read(sentence));
    return had.get(sentence)!;
  };
}

function patternOf(said: string, start = '^'): RegExp {
  const parts = said.split(VALUE).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`${start}${parts.join('(.*?)')}$`, 's');
}

/** Null where a value that is a sentence cannot be read. */
function fill(to: string, values: readonly string[], read: Read): string | null {
  const kinds = [...to.matchAll(PLACE)].map(([, kind]) => kind);
  const filled = kinds.map((kind, n) => fillOne(kind, values[n] ?? '', read));
  return filled.includes(null) ? null : to.replaceAll(PLACE, () => filled.shift()!);
}

function fillOne(kind: string | undefined, value: string, read: Read): string | null {
  return kind === '!' ? read(value) : kind === '#' ? value.replaceAll(',', '.') : value;
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
