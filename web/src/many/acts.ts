/** One thing done with many devices, and what became of it with each. */
import { batch } from '@preact/signals';
import { ApiError } from '../api/call';
import type { DeviceTable } from '../live/devices';
import { readRefusal } from '../panels/refusal';
import { type Done, door, outcome, picked, type Refused, running } from '../state';
import { words } from '../words';

export type Act = (id: string) => Promise<unknown>;

const AT_ONCE = 4; // requests: a browser keeps six connections to a server, and others want some

/** `told` how many have been answered. Each is asked once, whatever becomes of the others. */
export async function actOnEach(ids: readonly string[], act: Act, told: (answered: number) => void): Promise<Done> {
  const waiting = [...ids];
  const refused: Refused[] = [];
  let answered = 0;
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await act(id).catch((error: unknown) => refused.push({ id, why: readRefusal(error).message }));
      told(++answered);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const order = new Map(ids.map((id, index) => [id, index]));
  refused.sort((a, b) => order.get(a.id)! - order.get(b.id)!);
  return { done: ids.length - refused.length, refused };
}

/** With all that are picked; nothing where a run is under way. Those that were refused are then picked, to try again. */
export async function actOnPicked(devices: DeviceTable, act: Act): Promise<boolean> {
  if (running.peek() !== null) return false;
  const ids = [...picked.peek()];
  batch(() => {
    running.value = { of: ids.length, answered: 0 };
    outcome.value = null;
  });
  const done = await actOnEach(
    ids,
    async (id) => {
      if (door.peek().state === 'closed') throw new ApiError(401, words.peek().app.sessionEnded);
      if (devices.row(id) === undefined) throw new ApiError(404, words.peek().many.gone);
      await act(id);
    },
    (answered) => (running.value = { of: ids.length, answered }),
  );
  batch(() => {
    if (done.refused.length > 0 && isAsLeft(devices, ids)) picked.value = new Set(done.refused.map(({ id }) => id));
    outcome.value = done;
    running.value = null;
  });
  return true;
}

/** Whether nobody has picked others meanwhile, whom what one does next is meant for. */
function isAsLeft(devices: DeviceTable, ids: readonly string[]): boolean {
  const now = picked.peek();
  const left = ids.filter((id) => devices.row(id) !== undefined || now.has(id));
  return now.size === 0 || (now.size === left.length && left.every((id) => now.has(id)));
}

/** Those refused for the same reason stand together. */
export function byReason(refused: readonly Refused[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { id, why } of refused) found.set(why, [...(found.get(why) ?? []), id]);
  return found;
}
