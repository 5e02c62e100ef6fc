/** Light or dark: what the system says, until a person says otherwise. */
import { computed, effect, signal } from '@preact/signals';
import type { Theme } from '../map/flavors';

const KEY = 'tracker.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const system = signal<Theme>(dark.matches ? 'dark' : 'light');
const chosen = signal<Theme | null>(null);

export const theme = computed<Theme>(() => chosen.value ?? system.value);

export function followTheme(): void {
  dark.addEventListener('change', () => (system.value = dark.matches ? 'dark' : 'light'));
  const stored = read();
  if (stored === 'light' || stored === 'dark') chosen.value = stored;
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
}

export function toggleTheme(): void {
  chosen.value = theme.value === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(KEY, chosen.value);
  } catch {
    // not remembered, but changed
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
