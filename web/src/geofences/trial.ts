/** A draft tried on the stored history: what it would have told. */
import { batch, signal } from '@preact/signals';
import { ApiError } from '../api/call';
import { type DryRunLine, dryRun } from '../api/dry-run';
import type { GeofenceFeature } from '../api/geofences';
import type { TrackerEvent } from '../live/frames';
import { drawingWords } from './words';

const KEPT = 100; // events shown, the first by time; the rest is counted
const SHOW_MS = 100; // a storm of events is drawn ten times a second

export interface Progress {
  readonly done: number; // 0 to 1
  readonly fixes: number;
  readonly seconds: number | null; // null: under way
  readonly counts: ReadonlyMap<string, number>; // by type
  readonly events: readonly TrackerEvent[];
}

export class Trial {
  readonly progress = signal<Progress | null>(null);
  readonly fault = signal<string | null>(null);
  readonly running = signal(false);
  private abort: AbortController | null = null;

  /** Of the last `hours`. One at a time: what ran before is given up. */
  async run(feature: GeofenceFeature, hours: number, now: number): Promise<void> {
    this.stop();
    const abort = (this.abort = new AbortController());
    batch(() => {
      this.running.value = true;
      this.fault.value = this.progress.value = null;
    });
    try {
      await this.read(dryRun(feature, now - hours * 3_600_000, now, abort.signal), abort);
    } catch (error) {
      if (!abort.signal.aborted) this.fault.value = told(error);
    } finally {
      if (this.abort === abort) this.running.value = false;
    }
  }

  stop(): void {
    this.abort?.abort();
    this.abort = null;
    this.running.value = false;
  }

  /** What was found is not what would be found now. */
  forget(): void {
    this.stop();
    this.progress.value = this.fault.value = null;
  }

  private async read(lines: AsyncIterable<DryRunLine>, abort: AbortController): Promise<void> {
    let progress: Progress = { done: 0, fixes: 0, seconds: null, counts: new Map(), events: [] };
    let shown = -Infinity;
    for await (const line of lines) {
      progress = added(progress, line);
      if (performance.now() - shown < SHOW_MS && line.kind !== 'done') continue;
      shown = performance.now();
      if (this.abort === abort) this.progress.value = progress;
    }
  }
}

export function added(progress: Progress, line: DryRunLine): Progress {
  switch (line.kind) {
    case 'progress':
      return { ...progress, done: line.done, fixes: line.fixes };
    case 'done':
      return { ...progress, done: 1, fixes: line.fixes, seconds: line.seconds };
    case 'event': {
      const { type } = line.event;
      const counts = new Map(progress.counts).set(type, (progress.counts.get(type) ?? 0) + 1);
      const events = [...progress.events, line.event].sort((a, b) => a.at - b.at).slice(0, KEPT); // they come by device
      return { ...progress, counts, events };
    }
  }
}

/** In the order of time, with a heading wherever it is another device. */
export function runsOf(events: readonly TrackerEvent[]): TrackerEvent[][] {
  const runs: TrackerEvent[][] = [];
  for (const event of events) {
    const run = runs.at(-1);
    if (run && run[0]?.device === event.device) run.push(event);
    else runs.push([event]);
  }
  return runs;
}

function told(error: unknown): string {
  if (error instanceof TypeError) return drawingWords.value.trial.noAnswer;
  if (!(error instanceof ApiError)) throw error;
  return error.message;
}
