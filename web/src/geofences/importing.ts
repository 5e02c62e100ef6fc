/** A file of geofences: looked at first, then taken in, and taken back where one thinks better of it. */
import { computed, signal } from '@preact/signals';
import { ApiError } from '../api/call';
import { deleteGeofence, type Geofence, replaceGeofence, revisionOf } from '../api/geofences';
import {
  type Bad,
  formatOf,
  type Imported,
  importGeofences,
  type Proposed,
  type Reading,
  tryImport,
} from '../api/imports';
import type { Live } from '../live';
import { geofences, managed, pane } from '../state';
import { words } from '../words';
import { featureAgain } from './draft';

const AT_ONCE = 4; // requests, while something is taken back

export interface Preview {
  readonly file: File;
  readonly reading: Reading; // as it was tried: it is taken in as one has seen it
  readonly report: Imported;
  readonly proposed: readonly Proposed[]; // the first of them, of a large file
}

/** What was taken in. `undo`: null where it is not known for certain what was there before, and what came of it. */
interface Done {
  readonly report: Imported;
  readonly undo: Undo | null;
}

/** `made`: as the import left them; `replaced`: as each was before, and its revision right after the import. */
interface Undo {
  readonly made: readonly Geofence[];
  readonly replaced: readonly { readonly before: Geofence; readonly revision: number | null }[];
}

export class Importing {
  readonly preview = signal<Preview | null>(null);
  readonly doing = signal<'looking' | 'writing' | null>(null);
  readonly busy = computed(() => this.doing.value !== null);
  readonly fault = signal('');
  /** What of the file was refused where nothing of it can be taken. */
  readonly refused = signal<readonly Bad[]>([]);
  readonly done = signal<Done | null>(null);
  /** Whether what is there by the same id makes room. */
  readonly replaces = signal(true);
  /** Which of several that one manages is to hold what is new. */
  readonly group = signal('');

  private turn = 0; // of what was asked for last: whoever else is answered is too late

  constructor(private readonly live: Live) {}

  /** What the files would make, shown on the map. Nothing is written. */
  async look(files: readonly File[]): Promise<void> {
    this.close();
    pane.value = 'geofences';
    const groups = managed.peek();
    if (!groups.includes(this.group.peek())) this.group.value = groups[0] ?? '';
    await this.tried('looking', async (turn) => {
      const file = await together(files);
      if (turn !== this.turn) return;
      if (!file) this.fault.value = words.value.geofences.oneFile;
      else if (!formatOf(file.name)) this.fault.value = words.value.geofences.packed;
      else await this.propose(file, turn);
    });
  }

  /** Another group is to hold what is new: what would become of the file there. Where nobody says, it stays as it was. */
  async putInto(group: string): Promise<void> {
    if (this.doing.peek() === 'writing') return;
    const preview = this.preview.peek();
    this.group.value = group;
    if (!preview) return;
    const failed = await this.tried('looking', (turn) => this.propose(preview.file, turn));
    if (failed) this.group.value = preview.reading.group ?? group;
  }

  private async propose(file: File, turn: number): Promise<void> {
    const reading = this.readingOf(file);
    const bytes = await file.arrayBuffer();
    if (turn !== this.turn) return;
    const [report, proposed] = await tryImport(bytes, reading);
    if (turn !== this.turn) return;
    this.preview.value = { file, reading, report, proposed };
    this.live.view.peek()?.proposals.show(proposed);
  }

  private readingOf(file: File): Reading {
    return { format: formatOf(file.name)!, group: managed.peek().length > 1 ? this.group.peek() : undefined };
  }

  async takeIn(): Promise<void> {
    const preview = this.preview.peek();
    if (!preview || this.busy.peek()) return;
    await this.tried('writing', async (turn) => {
      const onConflict = this.replaces.peek() ? 'replace' : 'skip';
      const before = await this.read();
      const bytes = await preview.file.arrayBuffer();
      if (turn !== this.turn) return; // nothing is written yet
      const report = await importGeofences(bytes, preview.reading, onConflict);
      const after = await this.read();
      if (turn === this.turn) this.close();
      this.done.value = { report, undo: before && after && undoOf(report, before, after) }; // it is, whatever was closed
    });
  }

  /** As they are now, whatever was known of them; null where nobody can say. */
  private async read(): Promise<readonly Geofence[] | null> {
    return (await this.live.readGeofences()) ? geofences.peek() : null;
  }

  /** As it was before. What somebody else has changed since the import stays as they made it, so each is asked for by
   * the revision that the import gave it, never by the one it has now. */
  async takeBack(): Promise<void> {
    const done = this.done.peek();
    const undo = done?.undo;
    if (!undo || this.busy.peek()) return;
    await this.tried('writing', async (turn) => {
      const kept = await inTurn([
        ...undo.made.map((fence) => () => deleteGeofence(fence.id, revisionOf(fence)).catch(unlessGone)),
        ...undo.replaced.map(
          ({ before, revision }) =>
            () =>
              replaceGeofence(before.id, featureAgain(before), revision),
        ),
      ]);
      if (this.done.peek() === done) this.done.value = null;
      await this.live.readGeofences();
      if (kept > 0 && turn === this.turn) this.fault.value = words.value.geofences.notTakenBack(kept);
    });
  }

  close(): void {
    this.turn++;
    this.doing.value = null;
    this.preview.value = this.done.value = null;
    this.fault.value = '';
    this.refused.value = [];
    this.replaces.value = true;
    this.live.view.peek()?.proposals.show([]);
  }

  /** True where it failed and still matters: of what is no longer asked for, neither the answer nor the error is shown. */
  private async tried(doing: 'looking' | 'writing', work: (turn: number) => Promise<void>): Promise<boolean> {
    const turn = ++this.turn;
    this.doing.value = doing;
    this.fault.value = '';
    try {
      await work(turn);
      return false;
    } catch (error) {
      if (turn === this.turn) this.tell(error);
      return turn === this.turn;
    } finally {
      if (turn === this.turn) this.doing.value = null;
    }
  }

  private tell(error: unknown): void {
    if (!(error instanceof ApiError)) this.fault.value = words.value.app.noAnswer;
    else {
      this.fault.value = error.message;
      this.refused.value = error.refusals.map(({ index, id, reason }) => ({ index, name: id, reason }));
    }
  }
}

/** One file; of the parts of a Shapefile a zip. Null where they do not belong together. */
async function together(files: readonly File[]): Promise<File | null> {
  const isShape = files.some(({ name }) => /\.shp$/i.test(name));
  if (!isShape) return files.length === 1 ? files[0]! : null;
  const { pack } = await import('./pack');
  return pack(files);
}

/** Null where somebody else made or changed some of them meanwhile: which are the file's, nobody can say then. */
function undoOf(report: Imported, before: readonly Geofence[], after: readonly Geofence[]): Undo | null {
  const known = new Map(before.map((fence) => [fence.id, fence]));
  const ids = new Set(report.ids);
  const taken = after.filter(({ id }) => ids.has(id));
  const made = taken.filter(({ id }) => !known.has(id));
  const replaced = taken.flatMap((fence) => {
    const there = known.get(fence.id);
    const isSame = !there || revisionOf(there) === revisionOf(fence);
    return isSame ? [] : [{ before: there, revision: revisionOf(fence) }];
  });
  return made.length === report.created && replaced.length === report.replaced ? { made, replaced } : null;
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 404) throw error;
}

/** How many were refused: they are others by now, or gone. */
async function inTurn(work: (() => Promise<unknown>)[]): Promise<number> {
  let refused = 0;
  const take = async () => {
    for (let next = work.pop(); next; next = work.pop())
      try {
        await next();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        refused++;
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return refused;
}
