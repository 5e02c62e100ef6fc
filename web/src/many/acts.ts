/** One thing done with many devices, and what became of it with each. */
import { readRefusal } from '../panels/refusal';

export interface Refused {
  readonly id: string;
  readonly why: string;
}

export interface Done {
  readonly done: number;
  readonly refused: readonly Refused[];
}

const AT_ONCE = 4; // requests: a browser keeps six connections to a server, and others want some

/** `told` how many have been answered. Each is asked once, whatever becomes of the others. */
export async function actOnEach(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
  told: (answered: number) => void,
): Promise<Done> {
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

/** Those refused for the same reason stand together. */
export function byReason(refused: readonly Refused[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { id, why } of refused) found.set(why, [...(found.get(why) ?? []), id]);
  return found;
}
