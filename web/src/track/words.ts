/** The language of the phone page: what the browser says. A page of its own, so that it carries no text of the map. */
import { zone } from '../zone';
import { de } from './words/de';
import { en, type Words } from './words/en';

const languages = globalThis.navigator?.languages ?? [];
const found = languages.map((tag) => tag.split('-')[0]!.toLowerCase()).find((tag) => tag === 'de' || tag === 'en');

export const language = found === 'de' ? 'de' : 'en';
export const words: Words = language === 'de' ? de : en;
export const locale = languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

export const number = (value: number): string => new Intl.NumberFormat(locale).format(value);
export const clock = (at: number): string =>
  new Intl.DateTimeFormat(locale, { timeStyle: 'medium' }).format(new Date(at)) + zone(at);
export const percent = (share: number): string => new Intl.NumberFormat(locale, { style: 'percent' }).format(share);
export const moment = (at: number): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at)) + zone(at);
