/** Light or dark: what the system says, until a person says otherwise. */
import { computed, effect, signal } from '@preact/signals';
import type { Theme } from '../map/flavors';
import { readStored, store } from '../storage';

const KEY = 'tracker.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const system = signal<Theme>(dark.matches ? 'dark' : 'light');
const chosen = signal<Theme | null>(null);

export const theme = computed<Theme>(() => chosen.value ?? system.value);

export function followTheme(): void {
  dark.addEventListener('change', () => (system.value = dark.matches ? 'dark' : 'light'));
  const stored = readStored(KEY);
  if (stored === 'light' || stored === 'dark') chosen.value = stored;
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
}

export function toggleTheme(): void {
  chosen.value = theme.value === 'dark' ? 'light' : 'dark';
  store(KEY, chosen.value);
}
