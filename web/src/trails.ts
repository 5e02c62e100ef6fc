/** The ways of devices over the last minutes: from the server's tracks, then from what it sends. */
import { effect } from '@preact/signals';
import type { Position } from 'geojson';
import type { ApiError } from './api/call';
import { fetchTrack } from './api/devices';
import type { Live } from './live';
import { extend } from './map/trail';
import { quietly } from './quietly';
import { selected, tick, trailed } from './state';

const TRAIL_MS = 15 * 60_000;
const TRAIL_POINTS = 500;
export const MOST_TRAILS = 50; // each is asked for by itself, and drawn anew as it grows
const MANY_MS = 1_000; // between two drawings of several
const AT_ONCE = 2; // the server reads four tracks at a time for one person, and a card may want one as well
const AGAIN_MS = 5_000;

export function keepTrails(live: Live): () => void {
  const trails = new Trails(live);
  const stops = [effect(() => trails.want(wanted(live))), effect(() => trails.grow(tick.value))];
  return () => {
    for (const stop of stops) stop();
    trails.want(new Set());
  };
}

function wanted(live: Live): ReadonlySet<string> {
  const row = selected.value;
  const id = row === null ? undefined : live.feed.devices.id[row];
  return new Set([...(id ? [id] : []), ...trailed.value].slice(0, MOST_TRAILS));
}

export class Trails {
  private readonly lines = new Map<string, readonly Position[]>();
  private wanted: ReadonlySet<string> = new Set();
  private readonly due = new Set<string>(); // of those that are wanted, so at most MOST_TRAILS
  private readonly asked = new Set<string>(); // and not answered yet
  private grownAt = -Infinity;

  constructor(private readonly live: Live) {}

  want(ids: ReadonlySet<string>): void {
    this.wanted = ids;
    for (const id of this.lines.keys()) if (!ids.has(id)) this.lines.delete(id);
    for (const id of this.due) if (!ids.has(id)) this.due.delete(id);
    for (const id of ids) {
      if (this.lines.has(id)) continue;
      this.lines.set(id, []);
      this.due.add(id);
    }
    this.askNext();
    this.show();
  }

  /** In the order in which they are wanted: what has just been selected does not wait for all that are picked. */
  private askNext(): void {
    for (const id of this.wanted) {
      if (this.asked.size >= AT_ONCE) return;
      if (!this.due.has(id) || this.asked.has(id)) continue;
      this.due.delete(id);
      this.asked.add(id);
      void this.fetch(id);
    }
  }

  private async fetch(id: string): Promise<void> {
    let isFinal = false; // of a refusal that another try does not change
    const work = async () => {
      const line = await fetchTrack(id, new Date(this.live.feed.now() - TRAIL_MS), TRAIL_POINTS);
      if (!this.lines.has(id)) return;
      this.due.delete(id); // wanted no more and again meanwhile
      this.lines.set(id, line);
      this.show();
    };
    const refused = ({ status }: ApiError) => (isFinal = status < 500 && status !== 429);
    const isDone = await quietly(work, refused);
    this.asked.delete(id);
    if (!isDone && !isFinal) setTimeout(() => this.askAgain(id), AGAIN_MS);
    this.askNext();
  }

  private askAgain(id: string): void {
    if (this.wanted.has(id)) this.due.add(id);
    this.askNext();
  }

  grow(_: number): void {
    const now = performance.now();
    if (this.lines.size === 0 || (this.lines.size > 1 && now - this.grownAt < MANY_MS)) return;
    this.grownAt = now;
    const { devices } = this.live.feed;
    let isLonger = false;
    for (const [id, line] of this.lines) {
      const row = devices.row(id);
      if (row === undefined || !devices.shown[row]) continue;
      const longer = extend(line, devices.lonE7[row]! / 1e7, devices.latE7[row]! / 1e7);
      isLonger ||= longer !== line;
      this.lines.set(id, longer);
    }
    if (isLonger) this.show();
  }

  private show(): void {
    this.live.view.peek()?.showTrails([...this.lines.values()]);
  }
}
