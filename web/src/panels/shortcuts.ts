/** Single keys, as long as nobody is typing. */
import { effect, signal } from '@preact/signals';
import { followChosen, stopFollowing } from '../following';
import type { Editor } from '../geofences/editor';
import type { Live } from '../live';
import { closePicking, dropPicked, pickMore } from '../many/picking';
import {
  addingShown,
  cardView,
  choosing,
  chosenFence,
  editing,
  fenceQuery,
  followed,
  joining,
  mayManage,
  outcome,
  pane,
  picked,
  query,
  selected,
  settingsShown,
  sharing,
  viewsShown,
} from '../state';
import { readStored, store } from '../storage';
import { fitByHand } from './MapPane';
import { toggleTheme } from './theme';

const KEY = 'tracker.shortcuts';

/** Single keys can be switched off, for people whose speech or switch device types them by accident (WCAG 2.1.4). */
export const singleKeys = signal(true);

export function listenForShortcuts(live: Live, editor: Editor): () => void {
  singleKeys.value = readStored(KEY) !== 'off';
  const forget = effect(() => store(KEY, singleKeys.value ? 'on' : 'off'));
  const pressed = (event: KeyboardEvent) => {
    const isTyping = (event.target as HTMLElement).matches?.(
      'input:not([type=checkbox], [type=radio]), textarea, select',
    );
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !isTyping) return stepped(event, editor); // a text field undoes by itself
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') return goBack(editor);
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
    f: () => followChosen(live),
    x: () => selected.value !== null && pickMore(live, [selected.value]),
    m: () => (cardView.value = cardView.value === 'talk' ? 'now' : 'talk'),
    e: () => editChosen(live),
    a: () => fitByHand(live),
    d: () => (pane.value = 'devices'),
    g: () => (pane.value = 'geofences'),
    v: () => {
      pane.value = 'devices';
      viewsShown.value = !viewsShown.value;
    },
    t: toggleTheme,
    '?': () => (settingsShown.value = !settingsShown.value),
  };
}

function editChosen(live: Live): void {
  const id = selected.value === null ? undefined : live.feed.devices.id[selected.value];
  if (id && mayManage.value) editing.value = id;
}

function stepped(event: KeyboardEvent, editor: Editor): void {
  const key = event.key.toLowerCase();
  if (key !== 'z' && key !== 'y') return;
  // Without a draft it is a geofence of the server that changes: only where one looks at them.
  if (!editor.draft.peek() && (pane.peek() !== 'geofences' || document.querySelector('[role=dialog]'))) return;
  event.preventDefault();
  if (key === 'y' || event.shiftKey) editor.redo();
  else editor.undo();
}

/** One thing at a time, the nearest first. What was drawn and typed is not lost by it: only a drawing not yet finished. */
function goBack(editor: Editor): void {
  const search = document.getElementById('search');
  const typed = pane.value === 'geofences' ? fenceQuery : query;
  if (settingsShown.value) settingsShown.value = false;
  else if (editing.value !== null || addingShown.value || (joining.value ?? sharing.value) !== null) closeDialogues();
  else if (editor.draft.value) editor.giveUpDrawing();
  else if (viewsShown.value) viewsShown.value = false;
  else if (typed.value) typed.value = '';
  else if (document.activeElement === search) search?.blur();
  else if (choosing.value || picked.value.size > 0) dropPicked();
  else if (outcome.value !== null) closePicking();
  else if (followed.value.size > 0) stopFollowing();
  else if (chosenFence.value !== null) chosenFence.value = null;
  else selected.value = null;
}

function closeDialogues(): void {
  editing.value = sharing.value = joining.value = null;
  addingShown.value = false;
}
