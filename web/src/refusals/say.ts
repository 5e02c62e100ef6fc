/**
 * The server's own sentences in the language of the page. It writes them in English; of another language there is a
 * catalogue, which is fetched for whoever reads it.
 */
import { effect, signal } from '@preact/signals';
import { language } from '../words';

type Say = (sentence: string) => string;
const asItIs: Say = (sentence) => sentence;

const said = signal<Say>(asItIs);
let coming: Promise<void> = Promise.resolve();

/** Read where something is shown, so that it changes with the language. */
export function sayIn(sentence: string): string {
  return said.value(sentence);
}

/** The same, after the catalogue has come. */
export async function sayOnce(sentence: string): Promise<string> {
  await coming;
  return said.peek()(sentence);
}

export function followRefusals(): void {
  effect(() => {
    coming = language.value === 'de' ? fetchGerman() : Promise.resolve(take(asItIs));
  });
}

async function fetchGerman(): Promise<void> {
  await import('./german').then(
    ({ sayInGerman }) => language.peek() === 'de' && take(sayInGerman),
    () => {}, // no network: then they are said as they came
  );
}

function take(say: Say): void {
  said.value = say;
}
