import { describe, expect, test } from 'vitest';
import { Clusters } from '../src/map/clusters';
import { Markers, STALE } from '../src/map/markers';

function placed(places: readonly (readonly [number, number])[], status = 2): Markers {
  const markers = new Markers();
  markers.reserve(places.length);
  places.forEach(([lon, lat], row) => {
    markers.move(row, 0, lon, lat, () => 0);
    markers.look(row, status, true, false);
  });
  return markers;
}
const all = (places: readonly unknown[]) => places.map((_, row) => row);
const random = (seed: number) => () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;

describe('groups', () => {
  test('a fleet in one town is one number from far away, and each for itself from near', () => {
    const draw = random(7);
    const town = Array.from({ length: 300 }, () => [24.9 + draw() * 0.1, 60.15 + draw() * 0.05] as const);
    const [one, ...more] = new Clusters().group(placed(town), all(town), 4.3);
    expect([one!.rows.length, more.length]).toEqual([300, 0]);
    const near = new Clusters().group(placed(town), all(town), 15);
    expect(near.flatMap(({ rows }) => rows).length).toBeLessThan(20);
  });

  test.each([0, 1, 3, 4.3, 6, 9.5, 12, 16, 20])('at zoom %f each device is in at most one', (zoom) => {
    const draw = random(11);
    const places = Array.from(
      { length: 2_000 },
      () => [179 + draw() * 2 - 360 * Math.round(draw()), draw() - 0.5] as const,
    );
    const rows = new Clusters().group(placed(places), all(places), zoom).flatMap((cluster) => cluster.rows);
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows.length).toBeLessThanOrEqual(places.length);
  });

  test('two on one spot are two at any zoom; two side by side are not', () => {
    const spot = [
      [10, 50],
      [10, 50],
      [10.1, 50],
    ] as const;
    expect(new Clusters().group(placed(spot), all(spot), 18).map(({ rows }) => rows)).toEqual([[0, 1]]);
    const apart = [
      [10, 50],
      [10.0004, 50],
    ] as const;
    expect(new Clusters().group(placed(apart), all(apart), 18)).toEqual([]);
  });

  test('the silent are counted apart', () => {
    const spot = Array.from({ length: 4 }, () => [10, 50] as const);
    const markers = placed(spot);
    markers.look(2, STALE, true, false);
    expect(new Clusters().group(markers, all(spot), 5)[0]).toMatchObject({ silent: 1, status: 2 });
    markers.look(3, 1, true, false);
    expect(new Clusters().group(markers, all(spot), 5)[0]).toMatchObject({ silent: 1, status: 1 });
    for (const row of all(spot)) markers.look(row, STALE, true, false);
    expect(new Clusters().group(markers, all(spot), 5)[0]).toMatchObject({ silent: 4, status: 0 });
  });

  test('across 180 degrees the middle is there, not in Africa', () => {
    const places = [
      [179.9999, 0],
      [179.99995, 0],
      [179.99999, 0],
    ] as const;
    const [one] = new Clusters().group(placed(places), all(places), 5);
    expect(one!.x / 2 ** 32).toBeCloseTo(1, 5);
  });

  test('10,000 are grouped in the time of a frame', () => {
    const draw = random(3);
    const places = Array.from({ length: 10_000 }, () => [24 + draw(), 60 + draw()] as const);
    const markers = placed(places);
    const clusters = new Clusters();
    const took = [9, 9, 9, 9, 9].map((zoom) => {
      const before = performance.now();
      clusters.group(markers, all(places), zoom);
      return performance.now() - before;
    });
    expect(Math.min(...took)).toBeLessThan(50);
  });
});
