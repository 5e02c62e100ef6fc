import { expect, test } from 'vitest';
import { proposeId } from '../src/api/sources';

test('a name is proposed as an id that may be one', () => {
  for (const [name, id] of [
    ['356789012345678', '356789012345678'],
    ['jane/phone', 'jane-phone'],
    ['janë / iPhone 12 Pro', 'jane-iPhone-12-Pro'],
    ['/../x/', 'x'],
    ['Jürgen', 'Jurgen'],
    ['日本', ''],
    [`a${'-b'.repeat(60)}`, `a${'-b'.repeat(60)}`.slice(0, 64)],
  ] as const) {
    expect(proposeId(name)).toBe(id);
  }
});
