/** The map goes along with the devices that are followed, until a hand takes it. */
import { effect } from '@preact/signals';
import type { Live } from './live';
import { besideDetail, besideFollowed } from './room';
import { followed, picked, selected, tick } from './state';

export function keepFollowing(live: Live): () => void {
  return effect(() => {
    void tick.value;
    const view = live.view.value;
    if (followed.value.size === 0 || !view) return;
    const { devices } = live.feed;
    const rows = [...followed.value].map((id) => devices.row(id)).filter((row) => row !== undefined);
    const places = rows.filter((row) => devices.shown[row]).map((row) => view.layer.place(row));
    if (followed.value.size === 1 && places[0]) view.follow(...places[0], besideDetail());
    else if (places.length > 0) view.keepInView(places, besideFollowed());
  });
}

/** What is picked, or else what is selected; where all of it is followed already, nothing is any more. */
export function followChosen(live: Live): void {
  const row = selected.peek();
  const id = row === null ? undefined : live.feed.devices.id[row];
  const wanted = picked.peek().size > 0 ? picked.peek() : new Set(id ? [id] : []);
  if (wanted.size > 0) toggleFollowing(wanted);
}

export function toggleFollowing(ids: ReadonlySet<string>): void {
  const isFollowed = ids.size === followed.peek().size && [...ids].every((id) => followed.peek().has(id));
  followed.value = isFollowed ? new Set() : new Set(ids);
}

export function stopFollowing(): void {
  if (followed.peek().size > 0) followed.value = new Set();
}
