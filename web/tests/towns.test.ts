import { afterEach, describe, expect, test } from 'vitest';
import { sayClock, sayNear } from '../src/places/say';
import { choose, decodeTowns, kilometres, windOf } from '../src/places/towns';
import { language } from '../src/words';

const ZONES = ['Europe/Dublin', 'Asia/Kathmandu'];
const TOWNS = decodeTowns('-8.6267\t52.6647\t94192\t0\tLimerick\n-8.6450\t52.6990\t5000\t0\tParteen\n', ZONES);
const LIMERICK = TOWNS[0]!;

afterEach(() => {
  language.value = 'en';
});

describe('a place', () => {
  test('is near the town that people would name', () => {
    expect(choose(TOWNS, -8.63, 52.67)?.name).toBe('Limerick');
    expect(choose(TOWNS, -8.646, 52.7)?.name).toBe('Parteen');
    expect(choose(TOWNS, -30, 52)).toBeNull();
    expect(choose([], 0, 0)).toBeNull();
  });
  test('in a town is in it, else so far in a direction', () => {
    expect(sayNear(LIMERICK, -8.63, 52.67)).toBe('in \u2068Limerick\u2069');
    expect(sayNear(LIMERICK, -8.6267, 52.7097)).toBe('5.0 km north of \u2068Limerick\u2069');
    language.value = 'de';
    expect(sayNear(LIMERICK, -8.6267, 52.8447)).toBe('20 km nördlich von \u2068Limerick\u2069');
  });
  test.each([
    [0, 1, 0],
    [1, 1, 1],
    [1, 0, 2],
    [0, -1, 4],
    [-1, 0, 6],
    [-1, 1, 7],
  ])('%f east and %f north is wind %i', (east, north, wind) =>
    expect(windOf({ ...LIMERICK, lon: 0, lat: 0 }, east, north)).toBe(wind),
  );
  test('across 180 degrees is as near as it is', () => {
    const town = { ...LIMERICK, lon: 179.9, lat: 0 };
    expect(Math.round(kilometres(town, -179.9, 0))).toBe(22);
    expect(windOf(town, -179.9, 0)).toBe(2);
  });
});

test('clocks that show another hour are told, others are not', () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(sayClock({ ...LIMERICK, zone: here }, 0)).toBeNull();
  expect(sayClock({ ...LIMERICK, zone: 'Asia/Kathmandu' }, 0)).toMatch(/there$/);
  expect(sayClock({ ...LIMERICK, zone: 'Nowhere/Land' }, 0)).toBeNull();
});
