/** Views that somebody keeps: on the server for a person, in this browser for who is here by a token. */
import { readStored, store } from '../storage';
import { words } from '../words';
import { ApiError, call, list } from './call';

/** `address`: filters, order, layers and a place of the map, as behind the `?`. */
export interface SavedView {
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

const MOST = 100; // in a browser, as of a person on the server

/** Where they are. */
export interface Shelf {
  readonly list: () => Promise<readonly SavedView[]>;
  readonly keep: (name: string, address: string) => Promise<void>;
  readonly rename: (id: string, name: string) => Promise<void>;
  readonly remove: (id: string) => Promise<void>;
}

export function serverShelf(person: number): Shelf {
  const at = `/api/people/${person}/views`;
  return {
    list: async () => list((await call('GET', at))['views']).map(readView),
    keep: async (name, address) => void (await call('POST', at, { name, address })),
    rename: async (id, name) => void (await call('PATCH', `${at}/${id}`, { name })),
    remove: async (id) => void (await call('DELETE', `${at}/${id}`)),
  };
}

/** `whose`: two tokens in one browser have each its own. */
export function browserShelf(whose: string): Shelf {
  const key = `tracker.views.${whose}`;
  const read = (): readonly SavedView[] => {
    try {
      return list(JSON.parse(readStored(key) ?? '[]')).map(readView);
    } catch {
      return []; // not what we wrote
    }
  };
  const write = (views: readonly SavedView[]) => store(key, JSON.stringify(views));
  const isFree = (name: string, id: string) => {
    if (read().some((each) => each.name === name && each.id !== id))
      throw new ApiError(409, words.peek().views.taken, 'name'); // as the server does
    return true;
  };
  const hasRoom = () => {
    if (read().length >= MOST) throw new ApiError(409, words.peek().views.full(MOST));
    return true;
  };
  return {
    list: async () => [...read()].sort((a, b) => a.name.localeCompare(b.name)),
    keep: async (name, address) =>
      void (isFree(name, '') && hasRoom() && write([...read(), { id: String(Date.now()), name, address }])),
    rename: async (id, name) =>
      void (isFree(name, id) && write(read().map((each) => (each.id === id ? { ...each, name } : each)))),
    remove: async (id) => write(read().filter((each) => each.id !== id)),
  };
}

function readView(view: Readonly<Record<string, unknown>>): SavedView {
  return { id: String(view['id']), name: String(view['name']), address: String(view['address'] ?? '') };
}
