import { describe, expect, test } from 'vitest';
import { boxAround } from '../src/map/bounds';
import { radiusOf } from '../src/map/cells';
import { glideTime } from '../src/map/glide';
import { placeInside } from '../src/map/inside';
import { fits, isClear } from '../src/map/labels';
import { Markers } from '../src/map/markers';
import { difference, latitude, longitude, mercatorX, mercatorY } from '../src/map/mercator';
import { Pacer } from '../src/map/pacer';
import { extend } from '../src/map/trail';

describe('mercator', () => {
  test.each([
    [24.94, 60.17],
    [-179.9999, -41.65],
    [179.9999, 0],
    [0, 85],
    [7.4246, 43.7384],
  ])('%f, %f comes back within 2 cm', (lon, lat) => {
    expect(longitude(mercatorX(lon))).toBeCloseTo(lon, 6);
    expect(latitude(mercatorY(lat))).toBeCloseTo(lat, 6);
  });
  test('the way across 180 degrees is the short one', () => {
    expect(difference(mercatorX(179.9), mercatorX(-179.9)) / 2 ** 32).toBeCloseTo(0.2 / 360, 6);
  });
  test('poles stay on the map', () =>
    expect([mercatorY(90), mercatorY(-90)]).toEqual([0, 2 ** 32 - 1].map((y) => expect.closeTo(y, -8))));
});

describe('glide', () => {
  test.each([
    ['the first position', NaN, 10, 0],
    ['the same time again', 0, 0, 0],
    ['once a second', 1000, 12, 1150],
    ['four times a second', 100, 1, 150],
    ['every ten seconds', 10_000, 100, 3000],
    ['after a minute of silence', 60_000, 100, 0],
    ['a teleport', 1000, 5000, 0],
  ])('%s', (_, interval, metres, taken) => expect(glideTime(interval, metres)).toBeCloseTo(taken, 6));
});

describe('markers', () => {
  const second = () => 1000;
  const at = (markers: Markers, row: number, now: number) => markers.place(row, now)[0];

  test('a marker is half-way at half-time, and stays at the end', () => {
    const markers = new Markers();
    markers.reserve(1);
    markers.move(0, 0, 10, 50, () => 0);
    markers.move(0, 5000, 11, 50, second);
    expect(at(markers, 0, 5000)).toBeCloseTo(10, 6);
    expect(at(markers, 0, 5500)).toBeCloseTo(10.5, 6);
    expect(at(markers, 0, 9999)).toBeCloseTo(11, 6);
  });

  test('a new position on the way starts from where the marker is seen', () => {
    const markers = new Markers();
    markers.reserve(1);
    markers.move(0, 0, 10, 50, () => 0);
    markers.move(0, 0, 11, 50, second);
    markers.move(0, 500, 10, 50, second);
    expect(at(markers, 0, 500)).toBeCloseTo(10.5, 6);
    expect(at(markers, 0, 1000)).toBeCloseTo(10.25, 6);
  });

  test('it glides across 180 degrees without a tour of the world', () => {
    const markers = new Markers();
    markers.reserve(1);
    markers.move(0, 0, 179.5, 0, () => 0);
    markers.move(0, 0, -179.5, 0, second);
    expect(Math.abs(at(markers, 0, 500))).toBeCloseTo(180, 5);
  });

  test('the clock may wrap during a glide', () => {
    const markers = new Markers();
    markers.reserve(1);
    markers.move(0, 0, 10, 50, () => 0);
    markers.move(0, 2 ** 32 - 500, 11, 50, second);
    expect(at(markers, 0, 0)).toBeCloseTo(10.5, 6);
  });

  test('metres are told to who decides about the time', () => {
    const markers = new Markers();
    markers.reserve(1);
    markers.move(0, 0, 24.94, 60.17, () => 0);
    let told = 0;
    markers.move(0, 0, 24.95, 60.17, (metres) => (told = metres));
    expect(told).toBeCloseTo(554, 0); // 0.01 degree at 60.17 north
  });

  test('growing keeps what was there', () => {
    const markers = new Markers();
    markers.reserve(1);
    markers.move(0, 0, 24.94, 60.17, () => 0);
    expect([markers.reserve(1000), markers.reserve(900)]).toEqual([true, false]);
    expect(at(markers, 0, 1)).toBeCloseTo(24.94, 6);
  });
});

describe('the pacer', () => {
  const run = (frame: number) => {
    const pacer = new Pacer();
    let now = 0;
    let waited = 0;
    for (let i = 0; i < 50; i++) waited = pacer.next((now += frame + waited));
    return waited;
  };
  test('a fast display is never held back', () => expect(run(16)).toBe(0));
  test('a slow one gets half of the time', () => expect(run(120)).toBeCloseTo(120, 0));
  test('but is never slower than four frames a second', () => expect(run(900)).toBe(250));
});

describe('across 180 degrees', () => {
  test.each([
    ['one place', [24.9403], [24.9403, 24.9403]],
    ['Europe', [-9, 2, 25], [-9, 25]],
    ['Fiji, on both sides', [178, -179, 179.5, -178], [178, 182]],
    ['all around', [-170, -60, 60, 170], [60, 300]],
  ])('the box around %s is the small one', (_, lons, [west, east]) => {
    expect(
      boxAround(
        lons,
        lons.map(() => -17),
      ),
    ).toEqual([west, -17, east, -17]);
  });
  test('no place has no box', () => expect(boxAround([], [])).toBeNull());
  test('a trail runs on', () => {
    expect(extend(extend(extend([], 179.9, 1), -179.9, 1), 179.8, 1).map(([lon]) => lon)).toEqual([
      179.9,
      expect.closeTo(180.1),
      expect.closeTo(179.8),
    ]);
  });
  test('a trail does not repeat where it stands', () => {
    const line = extend([], 1, 2);
    expect(extend(line, 1, 2)).toBe(line);
  });
});

test('a name is there where it lies on no other, by how wide each is', () => {
  const name = (x: number, y: number, width: number) => ({ row: 0, spot: [x, y], width }) as const;
  expect(fits(name(0, 0, 40), [name(50, 0, 40)])).toBe(true);
  expect(fits(name(0, 0, 120), [name(50, 0, 40)])).toBe(false);
  expect(fits(name(0, 0, 120), [name(50, 20, 120)])).toBe(true);
  expect(fits(name(0, 0, 120), [])).toBe(true);
});

test('no name lies on a disc, however near its marker is to it', () => {
  const name = { row: 0, spot: [100, 100], width: 60 } as const; // from 70 to 130, about 120
  expect(isClear(name, [{ x: 100, y: 130, radius: 14 }])).toBe(false);
  expect(isClear(name, [{ x: 100, y: 150, radius: 14 }])).toBe(true);
  expect(isClear(name, [{ x: 140, y: 120, radius: 14 }])).toBe(false);
  expect(isClear(name, [{ x: 150, y: 120, radius: 14 }])).toBe(true);
});

test('a disc is as large as its count is long', () => {
  expect([1, 100, 100_000].map(radiusOf)).toEqual([14.5, 19.5, 33.5]);
  expect(radiusOf(10)).toBeCloseTo(17);
});

describe('the place of a name', () => {
  const square = (west: number, south: number, size: number) => [
    [west, south],
    [west + size, south],
    [west + size, south + size],
    [west, south + size],
    [west, south],
  ];
  const overTheEdge = (ring: number[][]) => ring.map(([lon, lat]) => [lon! > 180 ? lon! - 360 : lon!, lat!]);
  const horseshoe = [
    [0, 0],
    [3, 0],
    [3, 1],
    [1, 1],
    [1, 3],
    [3, 3],
    [3, 4],
    [0, 4],
    [0, 0],
  ];
  test.each<[string, GeoJSON.Geometry, GeoJSON.Position]>([
    ['a circle', { type: 'Point', coordinates: [24.94, 60.17] }, [24.94, 60.17]],
    ['a square', { type: 'Polygon', coordinates: [square(24.94, 60.17, 0.0002)] }, [24.9401, 60.1701]],
    ['the other way round', { type: 'Polygon', coordinates: [square(0, 0, 2).reverse()] }, [1, 1]],
    ['a horseshoe', { type: 'Polygon', coordinates: [horseshoe] }, [0.5, 2]],
    ['a ring', { type: 'Polygon', coordinates: [square(0, 0, 5), square(1, 1, 3)] }, [0.5, 2.5]],
    ['the larger of two', { type: 'MultiPolygon', coordinates: [[square(0, 0, 1)], [square(5, 5, 2)]] }, [6, 6]],
    ['a line there and back', { type: 'Polygon', coordinates: [square(3, 3, 0)] }, [3, 3]],
    ['a way', { type: 'LineString', coordinates: [[0, 0], [6, 0], [6, 1], [6, 2]] }, [4, 0]], // biome-ignore format: as short
    ['a way over the edge', { type: 'LineString', coordinates: [[176, 0], [-178, 0]] }, [179, 0]], // biome-ignore format: as short
    ['a way back over it', { type: 'LineString', coordinates: [[-179, 0], [175, 0]] }, [178, 0]], // biome-ignore format: as short
    ['a square over the edge', { type: 'Polygon', coordinates: [overTheEdge(square(178, 0, 6))] }, [-179, 3]],
    [
      'a ring over the edge',
      { type: 'Polygon', coordinates: [overTheEdge(square(178, 0, 5)), overTheEdge(square(180.5, 1, 2))] },
      [179.25, 2.5],
    ],
    ['a way that stays', { type: 'LineString', coordinates: [[1, 2], [1, 2]] }, [1, 2]], // biome-ignore format: as short
  ])('of %s', (_, geometry, [lon, lat]) => {
    const place = placeInside(geometry)!;
    expect(place[0]).toBeCloseTo(lon!, 7);
    expect(place[1]).toBeCloseTo(lat!, 7);
  });
});
