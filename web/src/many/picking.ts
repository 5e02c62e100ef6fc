/** Which devices are picked, to be acted on together: by clicks, by keys, by a box on the map. */
import { batch } from '@preact/signals';
import type { Live } from '../live';
import { announced, choosing, outcome, picked, selected } from '../state';
import { words } from '../words';

/** What a click on a row or a marker means, by what is held down with it. */
export interface Held {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/** On the map, without a key: null where there is none. */
export function clickOn(live: Live, row: number | null): void {
  if (row !== null && choosing.peek()) return pickMore(live, [row]);
  batch(() => {
    if (row !== null) pickNone();
    selected.value = row;
  });
}

/** One changes its part; of several all are taken in. What was selected before is the first of them. */
export function pickMore(live: Live, rows: readonly number[]): void {
  const ids = rows.map((row) => live.feed.devices.id[row]!).filter((id) => id !== '');
  if (ids.length === 0) return;
  const before = startOf(live, ids);
  pick(ids.length === 1 ? toggle(before, ids[0]!) : new Set([...before, ...ids]));
}

/** In a list, from where one was to here; what lies outside is no longer picked, as in any list. */
export function pickRange(live: Live, listed: readonly number[], from: number, to: number): void {
  const rows = listed.slice(Math.min(from, to), Math.max(from, to) + 1);
  pick(new Set(rows.map((row) => live.feed.devices.id[row]!)));
}

export function pickAll(live: Live, listed: readonly number[]): void {
  pick(new Set(listed.map((row) => live.feed.devices.id[row]!)));
}

export function dropPicked(): void {
  batch(() => {
    pickNone();
    choosing.value = false;
  });
}

/** And closes what was told of the last run. */
export function closePicking(): void {
  batch(() => {
    dropPicked();
    outcome.value = null;
  });
}

/** What was refused stands until it is closed. */
function pickNone(): void {
  picked.value = new Set();
  if (outcome.peek()?.refused.length === 0) outcome.value = null;
}

export function toggle(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const others = new Set(ids);
  if (!others.delete(id)) others.add(id);
  return others;
}

function startOf(live: Live, ids: readonly string[]): ReadonlySet<string> {
  const row = selected.peek();
  const id = row === null ? '' : live.feed.devices.id[row]!;
  return picked.peek().size === 0 && !choosing.peek() && id && !ids.includes(id) ? new Set([id]) : picked.peek();
}

function pick(ids: ReadonlySet<string>): void {
  batch(() => {
    picked.value = ids;
    announced.value = words.peek().many.picked(ids.size);
  });
}
