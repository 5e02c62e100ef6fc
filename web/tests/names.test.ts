import { expect, test } from 'vitest';
import { hideCovered } from '../src/link/names';

/** What a browser would lay out: a name of 60 by 20 px. */
class Name {
  isCovered = false;
  readonly classList = { toggle: (_: string, to: boolean) => (this.isCovered = to) };
  constructor(
    readonly left: number,
    readonly top: number,
  ) {}
  getBoundingClientRect() {
    return { left: this.left, right: this.left + 60, top: this.top, bottom: this.top + 20 };
  }
}

function covered(...names: Name[]): boolean[] {
  hideCovered(names as unknown as Element[]);
  return names.map((name) => name.isCovered);
}

test('a name that lies over an earlier one is not shown, and one that lies over that alone is', () => {
  expect(covered(new Name(0, 0), new Name(50, 5), new Name(100, 5), new Name(0, 20))).toEqual([
    false,
    true,
    false,
    false,
  ]);
});

test('where there is room again it is back', () => {
  const [first, second] = [new Name(0, 0), new Name(30, 0)] as const;
  expect(covered(first, second)).toEqual([false, true]);
  Object.assign(second, { left: 80 });
  expect(covered(first, second)).toEqual([false, false]);
});
