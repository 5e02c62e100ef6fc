/** Light or dark, as the system says it, also while a page is open: by night many become dark. */
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Theme } from './map/flavors';

export function followSystem(): ReadonlySignal<Theme> {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const read = (): Theme => (dark.matches ? 'dark' : 'light');
  const system = signal(read());
  dark.addEventListener('change', () => (system.value = read()));
  return system;
}

export function dress(theme: ReadonlySignal<Theme>): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
}
