/** The smallest box around places, which for those on both sides of 180 degrees does not go round the world. */

/** What lies over the edges of a map, in px. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export type Box = readonly [west: number, south: number, east: number, north: number];

/** Null where there are none. `east` may be beyond 180, as a map takes it. */
export function boxAround(lons: readonly number[], lats: readonly number[]): Box | null {
  if (lons.length === 0) return null;
  const sorted = [...lons].sort((a, b) => a - b);
  let [west, east] = [sorted[0]!, sorted.at(-1)!]; // the widest gap lies outside the box: at first that across 180
  let widest = west + 360 - east;
  for (let i = 1; i < sorted.length; i++) {
    const gap = sorted[i]! - sorted[i - 1]!;
    if (gap > widest) [widest, west, east] = [gap, sorted[i]!, sorted[i - 1]! + 360];
  }
  let [south, north] = [90, -90];
  for (const lat of lats) [south, north] = [Math.min(south, lat), Math.max(north, lat)];
  return [west, south, east, north];
}
