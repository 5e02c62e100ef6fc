/**
 * Which markers lie on one another, so that a number says more than they do. By cells of the world, so that nothing changes
 * its group while one pans; a cell is crowded where its markers are half as many again as the places they take in it.
 */
import { Status } from '../live/frames';
import { type Markers, STALE } from './markers';
import { difference } from './mercator';

/** Places in mercator units. */
export interface Cluster {
  readonly rows: readonly number[];
  readonly x: number;
  readonly y: number;
  readonly silent: number; // how many of them
  readonly status: Status; // the worst of those that are not, or unknown where all are
}

interface Cell {
  readonly rows: number[];
  readonly x: number; // of its first
  readonly y: number;
  taken: number; // 16 bits: the places of a fourth of its side that are taken
}

interface Group {
  readonly rows: number[];
  x: number;
  y: number;
}

const MORE_LEVELS = 3; // a cell is 64 px wide at a whole zoom, and 45 to 90 between
const CROWDED = 1.5; // markers to a place
const THINNED = 1.15; // a crowd becomes single markers again only below this: none flickers between the two
const REACH = 0.42; // of a cell: what lies this near a disc would be hidden by it
const ROW_KEYS = 2 ** 26;

export class Clusters {
  private crowds = new Set<number>();
  private level = -1;

  /** Of these rows, which are shown and in view; who is in none is drawn for itself. */
  group(markers: Markers, rows: readonly number[], zoom: number): Cluster[] {
    const level = Math.max(1, Math.min(24, Math.round(zoom) + MORE_LEVELS));
    if (level !== this.level) this.crowds.clear();
    this.level = level;
    const cells = this.sort(markers, rows);
    const groups = this.crowd(cells, markers);
    if (groups.size > 0) this.absorb(cells, groups, markers);
    return [...merged(groups, this.width)].map((group) => told(group, markers));
  }

  private get width(): number {
    return 2 ** (32 - this.level);
  }

  private key(x: number, y: number): number {
    const shift = 32 - this.level;
    return (x >>> shift) * ROW_KEYS + (y >>> shift);
  }

  private sort(markers: Markers, rows: readonly number[]): Map<number, Cell> {
    const cells = new Map<number, Cell>();
    const fine = 30 - this.level;
    for (const row of rows) {
      const x = markers.words[row * 8 + 2]!;
      const y = markers.words[row * 8 + 3]!;
      const key = this.key(x, y);
      let cell = cells.get(key);
      if (!cell) cells.set(key, (cell = { rows: [], x, y, taken: 0 }));
      cell.rows.push(row);
      cell.taken |= 1 << ((((x >>> fine) & 3) << 2) | ((y >>> fine) & 3));
    }
    return cells;
  }

  private crowd(cells: ReadonlyMap<number, Cell>, markers: Markers): Map<number, Group> {
    const groups = new Map<number, Group>();
    for (const [key, { rows, taken }] of cells) {
      const most = this.crowds.has(key) ? THINNED : CROWDED;
      if (rows.length >= 2 && rows.length > most * bits(taken)) groups.set(key, groupOf([...rows], markers));
    }
    this.crowds = new Set(groups.keys());
    return groups;
  }

  /** What a disc would hide is counted in it. Four cells at most come near a marker. */
  private absorb(cells: ReadonlyMap<number, Cell>, groups: ReadonlyMap<number, Group>, markers: Markers): void {
    const half = this.width / 2;
    for (const [key, { rows }] of cells) {
      if (groups.has(key)) continue;
      for (const row of rows) {
        const x = markers.words[row * 8 + 2]!;
        const y = markers.words[row * 8 + 3]!;
        const near = [this.key((x - half) >>> 0, y - half), this.key((x + half) >>> 0, y - half)];
        near.push(this.key((x - half) >>> 0, y + half), this.key((x + half) >>> 0, y + half));
        const group = near
          .map((each) => groups.get(each))
          .find((each) => each && apart(each, { x, y }) < REACH * this.width);
        group?.rows.push(row);
      }
    }
  }
}

/** Two discs on one another are one. */
function merged(groups: ReadonlyMap<number, Group>, width: number): Set<Group> {
  const left = new Set(groups.values());
  for (const [key, group] of groups) {
    if (!left.has(group)) continue;
    for (const other of [key + 1, key + ROW_KEYS, key + ROW_KEYS + 1, key + ROW_KEYS - 1]) {
      const neighbour = groups.get(other);
      if (!neighbour || !left.has(neighbour) || apart(group, neighbour) >= 0.7 * width) continue;
      group.rows.push(...neighbour.rows);
      left.delete(neighbour);
    }
  }
  return left;
}

function apart(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(difference(a.x, b.x), difference(a.y, b.y));
}

/** Its middle is the mean of theirs, taken from the first, since longitudes wrap. */
function groupOf(rows: number[], markers: Markers): Group {
  const [x0, y0] = [markers.words[rows[0]! * 8 + 2]!, markers.words[rows[0]! * 8 + 3]!];
  let [dx, dy] = [0, 0];
  for (const row of rows) {
    dx += difference(x0, markers.words[row * 8 + 2]!);
    dy += difference(y0, markers.words[row * 8 + 3]!);
  }
  return { rows, x: (x0 + Math.round(dx / rows.length)) >>> 0, y: (y0 + Math.round(dy / rows.length)) >>> 0 };
}

function told({ rows, x, y }: Group, markers: Markers): Cluster {
  let silent = 0;
  let worst: number = STALE;
  for (const row of rows) {
    const status = markers.status(row);
    if (status === STALE) silent++;
    worst = Math.min(worst, status);
  }
  return { rows, x, y, silent, status: worst === STALE ? Status.Unknown : (worst as Status) };
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest; rest &= rest - 1) count++;
  return count;
}
