/**
 * What the GPU is given of each device, 32 bytes a row: two places, when it glides from one to the other, how it looks.
 *
 *   0 from x, y  uint32      8 to x, y  uint32      16 start, length  uint32 ms
 *   24 look      4 x uint8   28 heading at start and end  2 x uint16, a turn is 65536
 */
import { difference, latitude, longitude, mercatorX, mercatorY } from './mercator';

export const STRIDE = 32;
const METRES_PER_UNIT = 40_075_016.7 / 2 ** 32; // at the equator
const TURN = 65_536;

export const Look = { Status: 24, Shown: 25, Flags: 26, Counted: 27 } as const;
const POINTED = 1;
const PICKED = 2;
export const STALE = 3; // the status after those of the wire: heard of long ago

export interface MarkerColors {
  readonly status: readonly [unknown: string, stopped: string, moving: string, stale: string];
  readonly rim: string;
  readonly picked: string;
}

export class Markers {
  capacity = 0;
  bytes = new Uint8Array(0);
  words = new Uint32Array(0);
  private halves = new Uint16Array(0);

  /** True where it grew, and a buffer made of it must be made anew. */
  reserve(rows: number): boolean {
    if (rows <= this.capacity) return false;
    this.capacity = Math.max(256, 2 ** Math.ceil(Math.log2(rows)));
    const grown = new Uint8Array(this.capacity * STRIDE);
    grown.set(this.bytes);
    this.bytes = grown;
    this.words = new Uint32Array(grown.buffer);
    this.halves = new Uint16Array(grown.buffer);
    return true;
  }

  /** Sends a marker on from where it is seen now. `time` says the ms to take, given the metres. */
  move(row: number, now: number, lon: number, lat: number, time: (metres: number) => number): number {
    const at = row * 8;
    const x = mercatorX(lon);
    const y = mercatorY(lat);
    const words = this.words;
    if (words[at + 2] === x && words[at + 3] === y) return this.left(row, now);
    const [seenX, seenY] = this.seen(row, now);
    const scale = METRES_PER_UNIT * Math.cos((lat * Math.PI) / 180);
    const taken = time(scale * Math.hypot(difference(seenX, x), difference(seenY, y)));
    words[at] = taken > 0 ? seenX : x;
    words[at + 1] = taken > 0 ? seenY : y;
    words[at + 2] = x;
    words[at + 3] = y;
    words[at + 4] = now;
    words[at + 5] = taken;
    return taken;
  }

  /** `heading` in degrees, NaN for none. Call before `move`, which starts the new glide. */
  point(row: number, now: number, heading: number): void {
    const at = row * 16 + 14;
    if (!Number.isNaN(heading)) {
      const pointed = (this.bytes[row * STRIDE + Look.Flags]! & POINTED) !== 0;
      const to = Math.round((heading / 360) * TURN) & 0xffff;
      const from = this.halves[at]!;
      const turned = ((this.halves[at + 1]! - from + TURN / 2) & 0xffff) - TURN / 2;
      this.halves[at] = pointed ? from + turned * this.progress(row, now) : to;
      this.halves[at + 1] = to;
    }
  }

  look(row: number, status: number, shown: boolean, pointed: boolean, picked = false): void {
    const at = row * STRIDE;
    this.bytes[at + Look.Status] = status;
    this.bytes[at + Look.Shown] = shown ? 1 : 0;
    this.bytes[at + Look.Flags] = (pointed ? POINTED : 0) | (picked ? PICKED : 0);
  }

  status(row: number): number {
    return this.bytes[row * STRIDE + Look.Status]!;
  }

  /** Whether it is one of a number, and not drawn for itself. */
  isCounted(row: number): boolean {
    return this.bytes[row * STRIDE + Look.Counted] === 1;
  }

  isShown(row: number): boolean {
    return row < this.capacity && this.bytes[row * STRIDE + Look.Shown] === 1;
  }

  /** Where the marker is drawn at this moment, in mercator units. */
  seen(row: number, now: number): [x: number, y: number] {
    const at = row * 8;
    const k = this.progress(row, now);
    const along = (from: number, to: number) => (from + Math.round(k * difference(from, to))) >>> 0;
    return [along(this.words[at]!, this.words[at + 2]!), along(this.words[at + 1]!, this.words[at + 3]!)];
  }

  place(row: number, now: number): [lon: number, lat: number] {
    const [x, y] = this.seen(row, now);
    return [longitude(x), latitude(y)];
  }

  private progress(row: number, now: number): number {
    const length = this.words[row * 8 + 5]!;
    return length === 0 ? 1 : Math.min(1, ((now - this.words[row * 8 + 4]!) >>> 0) / length);
  }

  private left(row: number, now: number): number {
    return (1 - this.progress(row, now)) * this.words[row * 8 + 5]!;
  }
}

/** CSS pixels of the square a marker is drawn in. */
export function markerSize(zoom: number): number {
  return Math.max(13, Math.min(34, 10 + (zoom - 5) * 2.3));
}
