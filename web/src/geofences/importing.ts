/** A file of geofences: looked at first, then taken in, and taken back where one thinks better of it. */
import { signal } from '@preact/signals';
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
  readonly busy = signal(false);
  readonly fault = signal('');
  /** What of the file was refused where nothing of it can be taken. */
  readonly refused = signal<readonly Bad[]>([]);
  readonly done = signal<Done | null>(null);
  /** Whether what is there by the same id makes room. */
  readonly replaces = signal(true);
  /** Which of several that one manages is to hold what is new. */
  readonly group = signal('');

  constructor(private readonly live: Live) {}

  /** What the files would make, shown on the map. Nothing is written. */
  async look(files: readonly File[]): Promise<void> {
    this.close();
    pane.value = 'geofences';
    const groups = managed.peek();
    if (!groups.includes(this.group.peek())) this.group.value = groups[0] ?? '';
    await this.tried(async () => {
      const file = await together(files);
      if (!file) this.fault.value = words.value.geofences.oneFile;
      else if (!formatOf(file.name)) this.fault.value = words.value.geofences.packed;
      else await this.propose(file);
    });
  }

  /** Another group is to hold what is new: what would become of the file there. */
  async putInto(group: string): Promise<void> {
    const preview = this.preview.peek();
    this.group.value = group;
    if (preview) await this.tried(() => this.propose(preview.file));
  }

  private async propose(file: File): Promise<void> {
    const reading = this.readingOf(file);
    const [report, proposed] = await tryImport(await file.arrayBuffer(), reading);
    if (reading.group !== this.readingOf(file).group) return; // another was picked meanwhile
    this.preview.value = { file, report, proposed };
    this.live.view.peek()?.proposals.show(proposed);
  }

  private readingOf(file: File): Reading {
    return { format: formatOf(file.name)!, group: managed.peek().length > 1 ? this.group.peek() : undefined };
  }

  async takeIn(): Promise<void> {
    const preview = this.preview.peek();
    if (!preview || this.busy.peek()) return;
    await this.tried(async () => {
      const onConflict = this.replaces.peek() ? 'replace' : 'skip';
      const before = await this.read();
      const reading = this.readingOf(preview.file);
      const report = await importGeofences(await preview.file.arrayBuffer(), reading, onConflict);
      const after = await this.read();
      this.close();
      this.done.value = { report, undo: before && after && undoOf(report, before, after) };
    });
  }

  /** As they are now, whatever was known of them; null where nobody can say. */
  private async read(): Promise<readonly Geofence[] | null> {
    return (await this.live.readGeofences()) ? geofences.peek() : null;
  }

  /** As it was before. What somebody else has changed since the import stays as they made it, so each is asked for by
   * the revision that the import gave it, never by the one it has now. */
  async takeBack(): Promise<void> {
    const undo = this.done.peek()?.undo;
    if (!undo || this.busy.peek()) return;
    await this.tried(async () => {
      const kept = await inTurn([
        ...undo.made.map((fence) => () => deleteGeofence(fence.id, revisionOf(fence)).catch(unlessGone)),
        ...undo.replaced.map(
          ({ before, revision }) =>
            () =>
              replaceGeofence(before.id, featureAgain(before), revision),
        ),
      ]);
      this.done.value = null;
      await this.live.readGeofences();
      if (kept > 0) this.fault.value = words.value.geofences.notTakenBack(kept);
    });
  }

  close(): void {
    this.preview.value = this.done.value = null;
    this.fault.value = '';
    this.refused.value = [];
    this.replaces.value = true;
    this.live.view.peek()?.proposals.show([]);
  }

  private async tried(work: () => Promise<void>): Promise<void> {
    this.busy.value = true;
    this.fault.value = '';
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) this.fault.value = words.value.app.noAnswer;
      else {
        this.fault.value = error.message;
        this.refused.value = error.refusals.map(({ index, id, reason }) => ({ index, name: id, reason }));
      }
    } finally {
      this.busy.value = false;
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
