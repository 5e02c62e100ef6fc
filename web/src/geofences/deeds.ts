/** What was done to geofences here, for going back and forth. What somebody else has changed since stays as they made it. */
import { signal } from '@preact/signals';
import { ApiError } from '../api/call';
import {
  createGeofence,
  deleteGeofence,
  fetchGeofence,
  type Geofence,
  replaceGeofence,
  revisionOf,
} from '../api/geofences';
import { fetchGroups, putInto } from '../api/groups';
import { isolated } from '../panels/Name';
import { managed, notice } from '../state';
import { words } from '../words';
import { featureAgain, featureAsItWas, isAlike } from './draft';

/** Null: it was not there before, or is not there after. */
interface Deed {
  readonly before: Geofence | null;
  readonly after: Geofence | null;
}

const KEPT = 50; // full: the oldest is forgotten

export class Deeds {
  /** What was done just now, and can be taken back. */
  readonly last = signal<Deed | null>(null);
  private past: Deed[] = [];
  private future: Deed[] = [];
  /** The groups that held what was deleted here, by its id: it comes back into them. */
  private readonly holders = new Map<string, readonly string[]>();
  /** Whose deletion got no answer: it may be done. */
  private readonly unanswered = new Set<string>();

  did(before: Geofence | null, after: Geofence | null): void {
    const deed = { before, after };
    this.past = [...this.past.slice(1 - KEPT), deed];
    this.future = [];
    this.last.value = deed;
  }

  async remove(fence: Geofence): Promise<void> {
    await this.put(fence, null);
    this.did(fence, null);
  }

  /** The geofence as it is then; null where it is gone, undefined where there is nothing to go back to. A step that is
   * refused, since somebody else has changed the geofence, is forgotten; one that got no answer can be taken again. */
  async undo(): Promise<Geofence | null | undefined> {
    const deed = this.past.at(-1);
    if (!deed) return undefined;
    const made = await this.take(this.past, () => this.put(deed.after, deed.before));
    this.future.push({ before: made, after: deed.after });
    this.past = this.past.map((each) => (same(each.after, deed.before) ? { ...each, after: made } : each));
    return made;
  }

  async redo(): Promise<Geofence | null | undefined> {
    const deed = this.future.at(-1);
    if (!deed) return undefined;
    const made = await this.take(this.future, () => this.put(deed.before, deed.after));
    this.past.push({ before: deed.before, after: made });
    this.future = this.future.map((each) => (same(each.before, deed.after) ? { ...each, before: made } : each));
    return made;
  }

  private async put(now: Geofence | null, wanted: Geofence | null): Promise<Geofence | null> {
    if (wanted === null) return now && this.drop(now);
    if (now) return orThere(wanted, () => replaceGeofence(wanted.id, featureAsItWas(wanted), revisionOf(now)));
    return this.bringBack(wanted);
  }

  private async drop(fence: Geofence): Promise<null> {
    const groups = (await fetchGroups(fence.id)).map((each) => each.id);
    if (groups.length > 0) this.holders.set(fence.id, groups); // none are left where it was deleted by a try before
    try {
      await deleteGeofence(fence.id, revisionOf(fence));
    } catch (error) {
      if (error instanceof TypeError) this.unanswered.add(fence.id);
      const mayBeDone = isGone(error) || (error instanceof TypeError && (await isMissing(fence.id)));
      if (!(mayBeDone && this.unanswered.has(fence.id))) throw error;
    }
    this.unanswered.delete(fence.id);
    return null;
  }

  private async bringBack(wanted: Geofence): Promise<Geofence> {
    const { groups, instead } = await this.holdersOf(wanted.id);
    const made = await orThere(wanted, () => createGeofence(featureAgain(wanted), groups[0]));
    if (instead !== null) notice.value = words.value.geofences.nowIn(isolated(instead));
    for (const group of groups) await putBack(group, made.id); // also the first: it may be there by a try without an answer
    this.holders.delete(wanted.id);
    return made;
  }

  /** Those that are there still: for one that was deleted since, the whole step would be refused. Who sees only what is in
   * a group and finds none of them gets it into the first of the groups that are theirs: `instead`, by its name. */
  private async holdersOf(id: string): Promise<{ groups: readonly string[]; instead: string | null }> {
    const held = this.holders.get(id) ?? [];
    if (held.length === 0) return { groups: managed.peek().slice(0, 1), instead: null };
    const here = new Map((await fetchGroups()).map((each) => [each.id, each.name]));
    const left = held.filter((each) => here.has(each));
    const [first] = managed.peek();
    if (left.length > 0 || first === undefined) return { groups: left, instead: null };
    return { groups: [first], instead: here.get(first) ?? first };
  }

  /** The last of these steps. Taken, or refused for good, it is gone, and nothing is offered to be taken back. */
  private async take(steps: Deed[], work: () => Promise<Geofence | null>): Promise<Geofence | null> {
    let isOver = true;
    try {
      return await work();
    } catch (error) {
      isOver = error instanceof ApiError && FINAL.includes(error.status);
      throw error;
    } finally {
      if (isOver) {
        steps.pop();
        this.last.value = null;
      }
    }
  }
}

/** A step whose answer was lost is taken again: what is there as it is wanted counts as done. */
async function orThere(wanted: Geofence, work: () => Promise<Geofence>): Promise<Geofence> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error;
    const there = await fetchGeofence(wanted.id);
    if (!isAlike(there, wanted)) throw error;
    return there;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** False also where this gets no answer either. */
async function isMissing(id: string): Promise<boolean> {
  return fetchGeofence(id).then(() => false, isGone);
}

/** A group that is gone just now, or is not one's own any more, is passed over: the geofence is back all the same. */
async function putBack(group: string, fence: string): Promise<void> {
  await putInto(group, 'geofences', fence).catch((error: unknown) => {
    if (!(error instanceof ApiError && [403, 404].includes(error.status))) throw error;
  });
}

const FINAL = [403, 404, 409, 412, 422]; // answers by which a step can never be taken

/** Written anew it has another revision, which the steps before it have to know. */
function same(a: Geofence | null, b: Geofence | null): boolean {
  return a !== null && b !== null && a.id === b.id && revisionOf(a) === revisionOf(b);
}
