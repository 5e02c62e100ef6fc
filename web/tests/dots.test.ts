import { expect, test } from 'vitest';
import { showDots, showReason } from '../src/dots';
import type { Dots } from '../src/map/dots';

const WHY = [
  [24, 60],
  [25, 61],
];
const THERE = [[1, 2]];

test('what decided is on the map again after a chart or a trial, as long as one reads it', () => {
  const shown: Dots[] = [];
  const live = {
    view: {
      peek: () => ({ showDots: (places: Dots['places'], chosen: number) => void shown.push({ places, chosen }) }),
    },
  };
  showReason(live, WHY, 1);
  showDots(live, []); // a card is closed
  expect(shown.at(-1)).toEqual({ places: WHY, chosen: 1 });
  showDots(live, THERE);
  expect(shown.at(-1)).toEqual({ places: THERE, chosen: -1 });
  showDots(live, []);
  expect(shown.at(-1)).toEqual({ places: WHY, chosen: 1 });
  showDots(live, THERE);
  showReason(live, []);
  expect(shown.at(-1)).toEqual({ places: THERE, chosen: -1 });
  showDots(live, []);
  expect(shown.at(-1)).toEqual({ places: [], chosen: -1 });
});
