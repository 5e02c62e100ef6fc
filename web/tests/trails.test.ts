import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Live } from '../src/live';
import { DeviceTable } from '../src/live/devices';
import { Trails } from '../src/trails';

const live = { feed: { devices: new DeviceTable(), now: () => Date.now() }, view: { peek: () => null } };
let [under, most] = [0, 0];
let asked: string[] = [];
let refusals = new Map<string, number>(); // once, by device

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { baseURI: 'http://here/' });
  vi.stubGlobal('fetch', async (url: string) => {
    const id = /devices\/([^/]+)/.exec(url)![1]!;
    asked.push(id);
    most = Math.max(most, ++under);
    await new Promise((done) => setTimeout(done, 100));
    under--;
    const status = refusals.get(id) ?? 200;
    if (status === 429) refusals.delete(id);
    return new Response(JSON.stringify({ geometry: { coordinates: [] } }), { status });
  });
  [under, most, asked, refusals] = [0, 0, [], new Map()];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const ids = Array.from({ length: 9 }, (_, i) => `d${i}`);

test('the ways of many are asked for two at a time, and one that was refused for their number again', async () => {
  refusals = new Map([
    ['d3', 429],
    ['d4', 403],
  ]);
  const trails = new Trails(live as unknown as Live);
  trails.want(new Set(ids));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([most, asked]).toEqual([2, ids]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toEqual([...ids, 'd3']); // and never one that is not for this reader
});

test('who is wanted no more is not asked for, and who is wanted first goes before the rest', async () => {
  refusals = new Map([['d0', 429]]);
  const trails = new Trails(live as unknown as Live);
  trails.want(new Set(ids));
  trails.want(new Set(['d8', 'd1', 'd2']));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toEqual(['d0', 'd1', 'd8', 'd2']);
});
