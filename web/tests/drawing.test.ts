import { describe, expect, test } from 'vitest';
import type { Geofence } from '../src/api/geofences';
import { findCrossings } from '../src/geofences/crossing';
import { breadthOf, marginOf, missedOf } from '../src/geofences/missing';
import { edgesOf, type Screen, snap } from '../src/geofences/snap';
import { usualOf, usualOfTrack } from '../src/geofences/usual';
import { DeviceTable } from '../src/live/devices';
import { ring } from '../src/map/circle';
import { NO_SKETCH, unsure } from '../src/map/sketch';

const usual = (accuracy: number, interval: number, speed: number) => ({ device: null, accuracy, interval, speed });
const circle = (radius: number) => ring([24.9, 60.2], radius, 64).coordinates[0]!;

describe('how many passages are missed', () => {
  test('a place in a circle lies as deep as its radius, in a corridor half its width, in a square half its side', () => {
    expect(breadthOf('circle', circle(60), 0)).toBeCloseTo(60, 0);
    expect(
      breadthOf(
        'corridor',
        [
          [24, 60],
          [24.1, 60],
        ],
        50,
      ),
    ).toBe(25);
    const degree = 111_319.49;
    const square = [
      [0, 0],
      [100, 0],
      [100, 100],
      [0, 100],
      [0, 0],
    ].map(([x, y]) => [x! / degree, y! / degree]);
    expect(breadthOf('polygon', square, 0)).toBeCloseTo(50, 1);
    expect([breadthOf('polygon', square.slice(0, 3), 0), breadthOf('corridor', [[24, 60]], 50)]).toEqual([0, 0]);
  });

  test('strict needs a fix inside: on a motorway each 5 s, a circle of 60 m is often passed between two', () => {
    const missed = missedOf('strict', 'circle', 60, usual(5, 5, 36));
    expect(missed).toBeGreaterThan(0.3);
    expect(missed).toBeLessThan(0.6);
    expect(missedOf('strict', 'circle', 60, usual(5, 1, 36))).toBeLessThan(0.05);
    expect(missedOf('strict', 'circle', 2_000, usual(5, 5, 36))).toBeLessThan(0.05);
  });

  test('the others conclude from the straight way, and miss what only grazes the border', () => {
    expect(missedOf('balanced', 'circle', 60, usual(5, 5, 36))).toBeCloseTo(10 / 60, 1);
    expect(missedOf('calm', 'circle', 60, usual(5, 5, 36))).toBeCloseTo(12.5 / 60, 1);
    expect(missedOf('balanced', 'corridor', 25, usual(5, 5, 36))).toBe(0);
    expect(missedOf('balanced', 'circle', 60, usual(5, 600, 36))).toBe(1); // nothing is concluded over ten minutes
  });

  test('fixes rougher than half its breadth say nothing of it', () => {
    expect(missedOf('balanced', 'circle', 20, usual(11, 5, 10))).toBe(1);
    expect(missedOf('strict', 'circle', 20, usual(11, 1, 10))).toBeLessThan(0.1);
    expect(missedOf('balanced', 'circle', 0, usual(5, 5, 10))).toBe(1);
  });

  test('larger is never worse, more often is never worse, faster is never better', () => {
    for (const preset of ['strict', 'balanced', 'calm'] as const)
      for (const kind of ['circle', 'corridor'] as const) {
        const shares = [10, 20, 40, 80, 160, 320].map((breadth) => missedOf(preset, kind, breadth, usual(8, 10, 15)));
        expect(shares).toEqual([...shares].sort((a, b) => b - a));
        const slower = [1, 2, 5, 10, 30, 60].map((interval) => missedOf(preset, kind, 50, usual(8, interval, 15)));
        expect(slower).toEqual([...slower].sort((a, b) => a - b));
        const faster = [1, 5, 15, 30].map((speed) => missedOf(preset, kind, 50, usual(8, 10, speed)));
        expect(faster).toEqual([...faster].sort((a, b) => a - b));
      }
  });

  test('the margin is what the preset asks for; who says no accuracy is taken for exact', () => {
    expect([marginOf('strict', 8), marginOf('balanced', 8), marginOf('calm', 8), marginOf('calm', NaN)]).toEqual([
      0, 13, 17, 5,
    ]);
  });
});

describe('what is usual', () => {
  test('of the table: the middle, without what is not known', () => {
    const table = new DeviceTable();
    const at = Date.UTC(2026, 10, 23, 10);
    for (const [id, accuracy, speed] of [
      ['a', 5, 10],
      ['b', 8, 12],
      ['c', 40, 30],
    ] as const)
      for (const later of [0, 15_000])
        table.applyPositions([
          {
            slot: id.charCodeAt(0),
            id,
            name: id,
            category: null,
            at: at + later,
            receivedAt: at,
            lonE7: 1,
            latE7: 2,
            speed,
            heading: NaN,
            accuracy,
            battery: NaN,
            status: 2,
            geofences: null,
          },
        ]);
    expect(usualOf(table, [0, 1, 2], null)).toEqual(usual(8, 15, 12));
    expect(usualOf(table, [], null)).toEqual(usual(NaN, 10, 10));
  });

  test('of a track: pauses are no intervals, rest is no speed', () => {
    const line = (second: number, accuracy: string, speed: string) =>
      `${new Date(Date.UTC(2026, 10, 23, 10, 0, second)).toISOString()},24.9,60.2,${accuracy},,${speed},,,x,`;
    const csv = (lines: string[]) =>
      ['at,lon,lat,accuracy,altitude,speed,heading,battery,received_at,flags', ...lines].join('\n');
    const lines = [
      line(0, '6', '9'),
      line(5, '', '0.1'),
      line(10, '7', '11'),
      line(15, '9', ''),
      line(8_000, '7', '10'),
    ];
    expect(usualOfTrack(csv(lines), 'Van')).toEqual({ device: 'Van', accuracy: 7, interval: 5, speed: 10 });
    expect(usualOfTrack(csv(lines.slice(2)), 'Van')).toBeNull();
  });
});

describe('snapping', () => {
  const screen: Screen = { project: ([x = 0, y = 0]) => ({ x, y: -y }), unproject: (x, y) => [x, 0 - y] };
  const fence = (geometry: Geofence['geometry'], radius: number | null = null) => ({ geometry, radius }) as Geofence;
  const square = fence({
    type: 'Polygon',
    coordinates: [
      [
        [0, 0],
        [100, 0],
        [100, 100],
        [0, 100],
        [0, 0],
      ],
    ],
  });

  test('to a corner before an edge, to the nearest of each, to nothing out of reach', () => {
    const edges = edgesOf([square]);
    expect(snap(edges, 97, -4, screen)).toEqual([100, 0]);
    expect(snap(edges, 50, -8, screen)).toEqual([50, 0]);
    expect(snap(edges, 50, 8, screen)).toEqual([50, 0]);
    expect(snap(edges, 50, -50, screen)).toBeNull();
    expect(snap(edges, 113, 0, screen)).toBeNull();
    expect(snap([], 0, 0, screen)).toBeNull();
  });

  test('to lines and holes, and to a circle where it is round', () => {
    const line = fence({
      type: 'LineString',
      coordinates: [
        [0, 0],
        [100, 0],
      ],
    });
    expect(snap(edgesOf([line]), 40, 3, screen)).toEqual([40, 0]);
    const round = edgesOf([fence({ type: 'Point', coordinates: [0, 0] }, 50 * 111_319.49)]);
    const [x = 0, y = 0] = snap(round, 47, 0.3, screen)!;
    expect(Math.hypot(x, y)).toBeCloseTo(50, 0);
    expect(Math.abs(y)).toBeLessThan(1);
  });
});

describe('a border that goes through itself', () => {
  const bowTie = [
    [0, 0],
    [2, 2],
    [2, 0],
    [0, 2],
  ];
  test('is marked where it does, also before it is closed', () => {
    expect(findCrossings(bowTie)).toEqual([[1, 1]]);
    expect(findCrossings([...bowTie, [0, 0]])).toEqual([[1, 1]]);
  });
  test('and not where it only meets itself', () => {
    expect(
      findCrossings([
        [0, 0],
        [2, 0],
        [2, 2],
        [0, 0],
      ]),
    ).toEqual([]);
  });
});

test('a corridor is in doubt on both sides of its border, one narrower than that as a whole', () => {
  const way = [
    [24, 60],
    [24.1, 60],
  ];
  const of = (width: number) => unsure({ ...NO_SKETCH, way, width, margin: 10 }).features[0]!.properties;
  expect(of(50)).toMatchObject({ gap: 30, width: 20 });
  expect(of(12)).toMatchObject({ gap: 0, width: 32 });
  expect(unsure({ ...NO_SKETCH, way, width: 50 }).features).toEqual([]);
  expect(unsure({ ...NO_SKETCH, border: way, margin: 10 }).features[0]!.properties).toMatchObject({
    gap: 0,
    width: 20,
  });
});
