/** Where our map has streets. */
import type { Box } from '../api/sign-in';
import type { Viewport } from '../live/frames';

const SHIPPED: Box = [24.934, 60.164, 24.954, 60.18]; // central Helsinki
const FROM_ZOOM = 10; // further away nobody misses them
const DIGITS = 1_000; // of a degree: a hundred metres

/** Whether somebody who looks so closely at this place would expect streets and sees none. */
export function missesStreets(areas: readonly Box[], { west, south, east, north }: Viewport, zoom: number): boolean {
  if (zoom < FROM_ZOOM) return false;
  const [lon, lat] = [(west + east) / 2, (south + north) / 2];
  return ![SHIPPED, ...areas].some((box) => box[0] <= lon && lon <= box[2] && box[1] <= lat && lat <= box[3]);
}

/** What is in view, a little rounded outwards, as `tracker map add` takes it. */
export function describeView({ west, south, east, north }: Viewport): string {
  const down = (value: number) => Math.floor(value * DIGITS) / DIGITS;
  const up = (value: number) => Math.ceil(value * DIGITS) / DIGITS;
  return [down(west), down(south), up(east), up(north)].join(',');
}
