/** The language of a link's page: what the browser says. A page of its own, so that it carries no text of the map. */
import { zone } from '../zone';
import { de } from './words/de';
import { en, type Words } from './words/en';

const languages = globalThis.navigator?.languages ?? [];
const found = languages.map((tag) => tag.split('-')[0]!.toLowerCase()).find((tag) => tag === 'de' || tag === 'en');

export const language = found === 'de' ? 'de' : 'en';
export const words: Words = language === 'de' ? de : en;
const locale = languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

/** `3 min`, as people say it: one unit. Milliseconds. */
export function span(ms: number): string {
  const steps = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ] as const;
  const [size, unit] = steps.find(([each]) => ms >= each) ?? steps[3];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Math.floor(ms / size));
}

export function age(ms: number): string {
  return ms < 10_000 ? words.now : words.ago(span(ms));
}

export function length(metres: number): string {
  const [value, unit] = metres >= 1000 ? ([metres / 1000, 'kilometer'] as const) : ([metres, 'meter'] as const);
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(value);
}

export function moment(at: number): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at)) + zone(at);
}

export function degrees(value: number): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 4, maximumFractionDigits: 4 }).format(value);
}
