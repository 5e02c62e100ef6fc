import { afterEach, expect, test } from 'vitest';
import { de as fencesDe, en as fencesEn } from '../src/geofences/words';
import { healthWords } from '../src/health/words';
import { joiningWords } from '../src/joining/words';
import { de as linkDe } from '../src/link/words/de';
import { decodeEvent } from '../src/live/decode';
import { accuracy, age, ago, distance, speed } from '../src/panels/format';
import { plain, sentence } from '../src/panels/wording';
import { groupWords } from '../src/people/group-words';
import { peopleWords } from '../src/people/words';
import refusalsOfGeofences from '../src/refusals/de-geofences.json';
import moreRefusals from '../src/refusals/de-more.json';
import ownRefusals from '../src/refusals/de-own.json';
import { settingWords } from '../src/settings/words';
import { de as trackDe } from '../src/track/words/de';
import { units } from '../src/units';
import { watching } from '../src/watching/de';
import { language } from '../src/words';
import { de } from '../src/words/de';
import { en } from '../src/words/en';

const REFUSALS = { ownRefusals, refusalsOfGeofences, moreRefusals };
const DU = new RegExp(
  '(?<!\\p{L})(du|dich|dir|dein\\p{L}*|euch|euer|eure\\p{L}*)(?!\\p{L})|' + // and what is asked of a friend, at the beginning
    '(?<=^|[.:;!?] )(öffne|geh|frag|lass|warte|bleib|erlaube|nimm|gib|zeig|wähle|klicke?|zieh|scanne|zeichne|starte|lies|prüfe|versuch es)(?!\\p{L})',
  'iu',
);
const SIE = /(?<!\p{L})(Sie|Ihnen|Ihr\p{L}*)(?!\p{L})/u;

afterEach(() => {
  language.value = 'en';
  units.value = 'metric';
});

/** Every text by its path; functions are asked with figures that show where they went. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, String((value as (...all: string[]) => string)('7', '8'))]];
  return Object.entries(value as object).flatMap(([name, each]) => texts(each, `${path}.${name}`));
}

/** `{who}` and figures, which a translation may move and not lose. */
function places(text: string): string[] {
  return (text.match(/\{\w+\}|\b[78]\b/g) ?? []).sort();
}

test('each text is there in each language, with the same places for names and figures', () => {
  const [german, english] = [new Map(texts([de, fencesDe])), texts([en, fencesEn])];
  expect([...german.keys()].sort()).toEqual(english.map(([path]) => path).sort());
  for (const [path, text] of english) expect([path, places(german.get(path)!)]).toEqual([path, places(text)]);
});

test('each refusal has its German, with as many values', () => {
  for (const [said, to] of Object.values(REFUSALS).flatMap(Object.entries)) {
    expect([to.trim() !== '', said, to.match(/\{[!#]?\}/g)?.length]).toEqual([true, said, said.match(/\{\}/g)?.length]);
  }
});

test('one thing has one German name, on whichever page', () => {
  language.value = 'de';
  const pages = [
    de,
    fencesDe,
    peopleWords.value,
    groupWords.value,
    settingWords.value,
    watching,
    trackDe,
    linkDe,
    REFUSALS,
  ];
  const all = pages.flatMap((each) => texts(each));
  expect(
    all.filter(([, text]) => /geofence|batterie/i.test(text.replaceAll(/\{\w+\}/g, '')) && !text.includes('/api/')),
  ).toEqual([]);
  expect(all.some(([, text]) => text.includes('Gebiet')) && all.some(([, text]) => text.includes('Akku'))).toBe(true);
});

test('the dashboard says Sie, and who is alone with a phone reads du', () => {
  language.value = 'de';
  const [joining, { talk }] = [joiningWords.value, de];
  const [people, groups, settings] = [peopleWords.value, groupWords.value, settingWords.value];
  const dashboard = [de, fencesDe, people, groups, settings, joining, healthWords.value, REFUSALS];
  const said = (pages: object[], form: RegExp) =>
    pages.flatMap((each) => texts(each)).filter(([, it]) => form.test(it));
  expect(said(dashboard, DU)).toEqual([]);
  expect(said([trackDe, linkDe, watching, [joining.reminder, ...talk.answers]], SIE)).toEqual([]);
  expect([said(dashboard, SIE).length, said([trackDe], DU).length, said([linkDe], DU).length].every(Boolean)).toBe(
    true,
  );
});

test('German puts the verb at the end, and its names keep being names', () => {
  language.value = 'de';
  const event = decodeEvent({ id: 8, type: 'enter', device: 'van', geofence: 'port', at: '2026-11-23T10:00:00Z' });
  const parts = sentence(event, { device: () => 'Van 12', geofence: () => 'Old Port' });
  expect(plain(parts)).toBe('Van 12 hat Old Port betreten');
  expect(parts.filter((part) => typeof part !== 'string')).toEqual([{ name: 'Van 12' }, { name: 'Old Port' }]);
  expect([age(900), ago(14_200)]).toEqual(['0,9 s', 'vor 14 s']);
});

test.each([
  ['metric', '45 km/h', '± 5 m', '900 m', '2.5 km'],
  ['imperial', '28 mph', '± 16 ft', '0.6 mi', '1.6 mi'],
  ['nautical', '24 kn', '± 5 m', '900 m', '1.3 nmi'],
] as const)('in %s', (chosen, fast, sure, short, long) => {
  units.value = chosen;
  expect([speed(12.5), accuracy(5), distance(900), distance(2500)]).toEqual([fast, sure, short, long]);
});
