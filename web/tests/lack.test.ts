import type { Map as MapLibre } from 'maplibre-gl';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Lack } from '../src/map/lack';

vi.mock('maplibre-gl', () => ({ getGlobalDispatcher: () => ({ ensureWorkers: () => Promise.resolve() }) }));

type Said = { error: { message: string; status?: number } };

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => vi.useRealTimers());

/** A map that fails as it is told to, and how often its ground was read anew. */
function ground() {
  const heard = new Map<string, (said: Said) => void>();
  const map = { on: (name: string, listener: (said: Said) => void) => heard.set(name, listener) };
  const restyle = vi.fn();
  const lack = new Lack(map as unknown as MapLibre, restyle, () => true);
  return { lack, restyle, fail: (error: Said['error']) => heard.get('error')!({ error }) };
}

test('what was lost on the way is read again by itself, a few times', () => {
  const { restyle, fail } = ground();
  for (let at = 0; at < 5; at++) {
    fail({ message: 'Failed to fetch' });
    vi.advanceTimersByTime(600_000);
  }
  expect(restyle).toHaveBeenCalledTimes(3);
});

test('what the server does not have empties no map by itself, and is asked for with the next connection', () => {
  const { lack, restyle, fail } = ground();
  fail({ message: 'no such glyphs', status: 404 });
  vi.advanceTimersByTime(600_000);
  expect(restyle).not.toHaveBeenCalled();
  lack.complete();
  expect(restyle).toHaveBeenCalledTimes(1);
});

test.each([429, 500, 503])('a server that has too much to do is asked again (%i)', (status) => {
  const { restyle, fail } = ground();
  fail({ message: 'later', status });
  vi.advanceTimersByTime(600_000);
  expect(restyle).toHaveBeenCalledTimes(1);
});
