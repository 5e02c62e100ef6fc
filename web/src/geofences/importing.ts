/** A file of geofences: looked at first, then taken in, and taken back where one thinks better of it. */
import { signal } from '@preact/signals';
import { ApiError } from '../api/call';
import { deleteGeofence, type Geofence, replaceGeofence, revisionOf } from '../api/geofences';
import { type Bad, formatOf, type Imported, importGeofences, type Proposed, tryImport } from '../api/imports';
import type { Live } from '../live';
import { geofences, pane } from '../state';
import { words } from '../words';
import { featureAgain } from './draft';

const AT_ONCE = 4; // requests, while something is taken back

export interface Preview {
  readonly file: File;
  readonly report: Imported;
  readonly proposed: readonly Proposed[]; // the first of them, of a large file
}

/** What was taken in: `before`, what was replaced by it, as it was. */
interface Done {
  readonly report: Imported;
  readonly made: readonly Geofence[];
  readonly before: readonly Geofence[];
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

  constructor(private readonly live: Live) {}

  /** What the files would make, shown on the map. Nothing is written. */
  async look(files: readonly File[]): Promise<void> {
    this.close();
    pane.value = 'geofences';
    const [file] = files;
    const format = file && formatOf(file.name);
    if (!file || files.length > 1) this.fault.value = words.value.importing.oneFile;
    else if (!format) this.fault.value = words.value.importing.packed;
    else
      await this.tried(async () => {
        const [report, proposed] = await tryImport(await file.arrayBuffer(), format);
        this.preview.value = { file, report, proposed };
        this.live.view.peek()?.proposals.show(proposed);
      });
  }

  async takeIn(): Promise<void> {
    const preview = this.preview.peek();
    const format = preview && formatOf(preview.file.name);
    if (!format || this.busy.peek()) return;
    await this.tried(async () => {
      const known = new Map(geofences.peek().map((fence) => [fence.id, fence]));
      const onConflict = this.replaces.peek() ? 'replace' : 'skip';
      const report = await importGeofences(await preview.file.arrayBuffer(), format, onConflict);
      await this.live.readGeofences();
      const ids = new Set(report.ids);
      const taken = geofences.peek().filter(({ id }) => ids.has(id));
      const changed = taken.filter((fence) => revisionOf(fence) !== revisionOf(known.get(fence.id) ?? fence));
      this.close();
      this.done.value = {
        report,
        made: taken.filter(({ id }) => !known.has(id)),
        before: changed.map(({ id }) => known.get(id)!),
      };
    });
  }

  /** As it was before. What somebody else has changed since stays as they made it. */
  async takeBack(): Promise<void> {
    const done = this.done.peek();
    if (!done || this.busy.peek()) return;
    await this.tried(async () => {
      const now = new Map(geofences.peek().map((fence) => [fence.id, revisionOf(fence)]));
      const work = [
        ...done.made.map((fence) => () => deleteGeofence(fence.id, revisionOf(fence))),
        ...done.before.map((fence) => () => replaceGeofence(fence.id, featureAgain(fence), now.get(fence.id) ?? null)),
      ];
      const kept = await inTurn(work);
      this.done.value = null;
      await this.live.readGeofences();
      if (kept > 0) this.fault.value = words.value.importing.notTakenBack(kept);
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

/** How many were refused: they are gone, or others by now. */
async function inTurn(work: (() => Promise<unknown>)[]): Promise<number> {
  let refused = 0;
  const take = async () => {
    for (let next = work.pop(); next; next = work.pop())
      try {
        await next();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status !== 404) refused++;
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return refused;
}
