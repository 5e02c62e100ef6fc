import { expect, test } from 'vitest';
import { ApiError } from '../src/api/call';
import { decodeLine, lines } from '../src/api/dry-run';
import { added, type Progress, runsOf } from '../src/geofences/trial';
import type { TrackerEvent } from '../src/live/frames';

const NOTHING: Progress = { done: 0, fixes: 0, seconds: null, counts: new Map(), events: [] };
const EVENT = {
  type: 'event',
  event: { type: 'enter', device: 'van', geofence: null, at: '2026-11-23T10:00:00Z', lon: 1, lat: 2, evidence: {} },
};

async function read(...chunks: Uint8Array[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start: (to) => {
      for (const chunk of chunks) to.enqueue(chunk);
      to.close();
    },
  });
  const found: string[] = [];
  for await (const line of lines(body)) found.push(line);
  return found;
}

test('lines come whole, however they were cut', async () => {
  const bytes = new TextEncoder().encode('{"a":"Hämeenlinna"}\n{"b":1}\n{"c":2}');
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await read(bytes.slice(0, cut), bytes.slice(cut))).toEqual(['{"a":"Hämeenlinna"}', '{"b":1}', '{"c":2}']);
  }
});

test('an error line is an error', () => {
  expect(() => decodeLine({ type: 'error', title: 'Unavailable', status: 503, detail: 'storage is down' }, 1)).toThrow(
    new ApiError(503, 'storage is down'),
  );
});

test('what a newer server says besides is passed over', () => expect(decodeLine({ type: 'hint' }, 1)).toBeNull());

test('events that come by device are shown by time, the first of them', () => {
  let progress = NOTHING;
  const at = (second: number) => new Date(Date.UTC(2026, 10, 23) + 1000 * second).toISOString();
  for (const device of ['van', 'bus'])
    for (let i = 0; i < 80; i++)
      progress = added(progress, decodeLine({ ...EVENT, event: { ...EVENT.event, device, at: at(i) } }, i)!);
  const times = progress.events.map((event) => event.at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(progress.events.map((event) => event.device))).toEqual(new Set(['van', 'bus']));
  expect(times.at(-1)).toBe(Date.parse(at(49)));
});

test('all events are counted and the first hundred are kept', () => {
  let progress = NOTHING;
  for (let i = 1; i <= 150; i++) progress = added(progress, decodeLine(EVENT, i)!);
  progress = added(progress, { kind: 'done', fixes: 9000, events: 150, seconds: 0.4 });
  expect([
    progress.counts.get('enter'),
    progress.events.length,
    progress.done,
    progress.seconds,
    progress.fixes,
  ]).toEqual([150, 100, 1, 0.4, 9000]);
  expect(NOTHING.counts.size).toBe(0);
});

test('a device is a heading wherever it changes, and nothing is out of time', () => {
  const events = ['van', 'van', 'bus', 'van'].map(
    (device, i) =>
      (decodeLine({ ...EVENT, event: { ...EVENT.event, device } }, i + 1) as { event: TrackerEvent }).event,
  );
  expect(runsOf(events).map((run) => run.map(({ device, id }) => [device, id]))).toEqual([
    [
      ['van', 1],
      ['van', 2],
    ],
    [['bus', 3]],
    [['van', 4]],
  ]);
  expect(runsOf([])).toEqual([]);
});
