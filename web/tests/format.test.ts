import { expect, test } from 'vitest';

process.env['TZ'] = 'Europe/Helsinki';
const { moment, time } = await import('../src/panels/format'); // after the zone is set
const link = await import('../src/link/words');
const track = await import('../src/track/words');

const at = (text: string) => Date.parse(text);
const LATER = at('2026-12-01T00:00:00Z');

test('in the hour that the clocks show twice each time says its offset', () => {
  const [first, second] = [at('2026-10-25T00:05:00Z'), at('2026-10-25T01:05:00Z')];
  expect(time(first, LATER)).toMatch(/UTC\+3$/);
  expect(time(second, LATER)).toMatch(/UTC\+2$/);
  expect(moment(first)).toMatch(/UTC\+3$/);
  expect(time(first, first)).toMatch(/UTC\+3$/);
  for (const says of [link.moment, track.moment, track.clock]) {
    expect([says(first), says(second)]).toEqual([expect.stringMatching(/UTC\+3$/), expect.stringMatching(/UTC\+2$/)]);
  }
});

test.each([
  '2026-10-24T23:59:59Z',
  '2026-10-25T02:00:00Z',
  '2026-03-29T00:30:00Z',
  '2026-03-29T01:30:00Z',
  '2026-07-01T12:00:00Z',
])('%s says none', (text) => {
  expect(time(at(text), LATER)).not.toContain('UTC');
  expect(moment(at(text))).not.toContain('UTC');
});
