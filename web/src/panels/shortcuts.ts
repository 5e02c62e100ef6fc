/** Single keys, as long as nobody is typing. */
import { effect, signal } from '@preact/signals';
import type { Live } from '../live';
import { fitMap } from './MapPane';
import { readStored, store } from '../storage';
import { following, helpShown, query, selected } from '../state';
import { toggleTheme } from './theme';

const KEY = 'tracker.shortcuts';

/** Single keys can be switched off, for people whose speech or switch device types them by accident (WCAG 2.1.4). */
export const singleKeys = signal(true);

export const SHORTCUTS: readonly [key: string, what: string][] = [
  ['/', 'Search devices'], ['↑ ↓', 'Previous and next device, in the list'], ['f', 'Follow the selected device'],
  ['a', 'Show all devices'], ['t', 'Light or dark'], ['Esc', 'Close, clear, let go'], ['?', 'This help'],
];

export function listenForShortcuts(live: Live): () => void {
  singleKeys.value = readStored(KEY) !== 'off';
  const forget = effect(() => store(KEY, singleKeys.value ? 'on' : 'off'));
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') return escape();
    if (!singleKeys.value) return;
    if ((event.target as HTMLElement).matches?.('input, textarea, select')) return;
    const act = actions(live)[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener('keydown', pressed);
  return () => {
    forget();
    removeEventListener('keydown', pressed);
  };
}

function actions(live: Live): Record<string, () => void> {
  return {
    '/': () => document.getElementById('search')?.focus(),
    f: () => selected.value !== null && (following.value = !following.value),
    a: () => fitMap(live),
    t: toggleTheme,
    '?': () => (helpShown.value = !helpShown.value),
  };
}

/** One thing at a time, the nearest first. */
function escape(): void {
  const search = document.getElementById('search');
  if (helpShown.value) helpShown.value = false;
  else if (query.value) query.value = '';
  else if (document.activeElement === search) search?.blur();
  else selected.value = null;
}
