import { expect, test } from 'vitest';
import { describeView, missesStreets } from '../src/map/coverage';

const LIMERICK = { west: -8.6801, south: 52.6401, east: -8.5799, north: 52.6899 };

test('streets are missed where one looks closely and none were added', () => {
  expect(missesStreets([], LIMERICK, 13)).toBe(true);
  expect(missesStreets([], LIMERICK, 8)).toBe(false);
  expect(missesStreets([[-9, 52, -8, 53]], LIMERICK, 13)).toBe(false);
  expect(missesStreets([], { west: 24.93, south: 60.16, east: 24.95, north: 60.18 }, 15)).toBe(false);
});

test('what is in view is said as the command takes it, and nothing of it is left out', () => {
  expect(describeView(LIMERICK)).toBe('-8.681,52.64,-8.579,52.69');
});
