/** The language of the reader: what the browser says, until the reader says otherwise. */
import { computed, effect, signal } from '@preact/signals';
import { readStored, store } from './storage';
import { de } from './words/de';
import { en, type Words } from './words/en';

const ALL = { en, de } as const satisfies Record<string, Words>;
const LANGUAGE = 'tracker.language';

export type Language = keyof typeof ALL;
export const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['en', 'English'],
  ['de', 'Deutsch'],
];

export const language = signal<Language>(firstLanguage());
export const words = computed<Words>(() => ALL[language.value]);
/** For Intl: the reader's own region where it is of the chosen language, so that en-GB keeps its dates. */
export const locale = computed(
  () => wished().find((tag) => languageOf(tag) === language.value) ?? (language.value as string),
);

/** Keeps what is chosen, and says the language to screen readers. */
export function followLanguage(): void {
  effect(() => {
    document.documentElement.lang = language.value;
  });
}

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  store(LANGUAGE, chosen);
}

function wished(): readonly string[] {
  return globalThis.navigator?.languages ?? [];
}

function languageOf(tag: string): string {
  return tag.split('-')[0]!.toLowerCase();
}

function isKnown(name: string | null | undefined): name is Language {
  return name !== null && name !== undefined && Object.hasOwn(ALL, name);
}

function firstLanguage(): Language {
  const stored = readStored(LANGUAGE);
  return isKnown(stored) ? stored : (wished().map(languageOf).find(isKnown) ?? 'en');
}
