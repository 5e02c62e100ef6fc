/** The ways of devices over the last minutes: from the server's tracks, then from what it sends. */
import { effect } from '@preact/signals';
import type { Position } from 'geojson';
import { fetchTrack } from './api/devices';
import type { Live } from './live';
import { extend } from './map/trail';
import { quietly } from './quietly';
import { selected, tick, trailed } from './state';

const TRAIL_MS = 15 * 60_000;
const TRAIL_POINTS = 500;
export const MOST_TRAILS = 50; // each is asked for by itself, and drawn anew as it grows
const MANY_MS = 1_000; // between two drawings of several

export function keepTrails(live: Live): () => void {
  const trails = new Trails(live);
  const stops = [effect(() => trails.want(wanted(live))), effect(() => trails.grow(tick.value))];
  return () => {
    for (const stop of stops) stop();
  };
}

function wanted(live: Live): ReadonlySet<string> {
  const row = selected.value;
  const id = row === null ? undefined : live.feed.devices.id[row];
  return new Set([...(id ? [id] : []), ...trailed.value].slice(0, MOST_TRAILS));
}

class Trails {
  private readonly lines = new Map<string, readonly Position[]>();
  private grownAt = -Infinity;

  constructor(private readonly live: Live) {}

  want(ids: ReadonlySet<string>): void {
    for (const id of this.lines.keys()) if (!ids.has(id)) this.lines.delete(id);
    for (const id of ids) {
      if (this.lines.has(id)) continue;
      this.lines.set(id, []);
      void this.fetch(id);
    }
    this.show();
  }

  private async fetch(id: string): Promise<void> {
    await quietly(async () => {
      const line = await fetchTrack(id, new Date(this.live.feed.now() - TRAIL_MS), TRAIL_POINTS);
      if (!this.lines.has(id)) return;
      this.lines.set(id, line);
      this.show();
    });
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
