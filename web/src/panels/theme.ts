/** Light or dark: what the system says, until a person says otherwise. */
import { computed, signal } from '@preact/signals';
import { dress, followSystem } from '../dark';
import type { Theme } from '../map/flavors';
import { readStored, store } from '../storage';

const KEY = 'tracker.theme';
const system = followSystem();
const chosen = signal<Theme | null>(null);

export const theme = computed<Theme>(() => chosen.value ?? system.value);

export function followTheme(): void {
  const stored = readStored(KEY);
  if (stored === 'light' || stored === 'dark') chosen.value = stored;
  dress(theme);
}

export function toggleTheme(): void {
  chosen.value = theme.value === 'dark' ? 'light' : 'dark';
  store(KEY, chosen.value);
}
