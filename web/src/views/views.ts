/** The views that are kept, and what opening one does. */
import { batch, signal } from '@preact/signals';
import { asText, readCamera, takeLook, writeCamera, writeLook } from '../address';
import { browserShelf, type SavedView, type Shelf, serverShelf } from '../api/views';
import { fold } from '../finding';
import { stopFollowing } from '../following';
import type { Live } from '../live';
import { camera, me, pane } from '../state';

export const views = signal<readonly SavedView[]>([]);

export function shelf(): Shelf {
  const { person = null, kind = '', name = '' } = me.peek() ?? {};
  return person === null ? browserShelf(`${kind} ${name}`) : serverShelf(person);
}

export async function readViews(): Promise<void> {
  views.value = await shelf().list();
}

/** What is looked at now, without what is open or selected: with the map as it stands, wherever that came from. */
export function describeView(live: Live): string {
  const stands = live.view.peek()?.camera ?? camera.peek();
  return asText([...writeLook(), ['at', stands && writeCamera(stands)]]).slice(1);
}

export function openView(live: Live, view: SavedView): void {
  const query = new URLSearchParams(view.address);
  const place = readCamera(query.get('at'));
  batch(() => {
    takeLook(query);
    pane.value = 'devices';
    stopFollowing();
    if (place) camera.value = place;
  });
  if (place) live.view.peek()?.stand(place);
}

export function findViews(typed: string): readonly SavedView[] {
  const wanted = fold(typed.trim());
  return wanted === '' ? [] : views.value.filter((view) => fold(view.name).includes(wanted));
}
