import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventLog, KEPT } from '../src/live/events';
import { decodeEvidence } from '../src/live/evidence';
import { Feed, type Health } from '../src/live/feed';
import type { Cell } from '../src/live/frames';
import { subscription } from '../src/live/subscription';

class Wire {
  static last: Wire;
  sent: { type: string; events?: { after: number | null }; viewport?: number[]; binary?: boolean }[] = [];
  onopen!: () => void;
  onmessage!: (message: { data: string | ArrayBuffer }) => void;
  onclose!: (event: { code: number; reason: string }) => void;
  constructor() {
    Wire.last = this;
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {}
  says(message: object): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

const SUBSCRIBED = {
  type: 'subscribed',
  epoch: 'e1',
  resumed: true,
  event: 10,
  server_time: '2026-11-23T10:00:00.000Z',
};
const SNAPSHOT = {
  type: 'snapshot',
  positions: [{ slot: 1, device: 'a', name: 'A', at: '2026-11-23T10:00:00Z', lon: 1, lat: 2 }],
};
const event = (id: number, type = 'enter') => ({
  type: 'event',
  event: { id, type, device: 'a', geofence: 'port', at: '2026-11-23T10:00:00Z' },
});

function feeding() {
  const healths: Health[] = [];
  const missed: number[] = [];
  const counted: (readonly Cell[])[] = [];
  const feed = new Feed('ws://here', {
    healthChanged: (health) => healths.at(-1) === health || healths.push(health),
    moved: () => {},
    happened: () => {},
    said: () => {},
    counted: (cells) => counted.push(cells),
    missed: (head) => missed.push(head),
  });
  feed.start();
  Wire.last.onopen();
  return { feed, healths, missed, counted };
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 23, 9, 59, 50) });
  vi.stubGlobal('WebSocket', Wire);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('live, lost, catching up until the missed events have come, live', () => {
  const { feed, healths, missed } = feeding();
  Wire.last.says(SUBSCRIBED);
  Wire.last.says(SNAPSHOT);
  Wire.last.says(event(11));
  expect(missed).toEqual([10]);
  Wire.last.onclose({ code: 1006, reason: '' });
  vi.advanceTimersByTime(30_000);
  Wire.last.onopen();
  expect(Wire.last.sent[0]!.events!.after).toBe(11);
  Wire.last.says({ ...SUBSCRIBED, event: 13 });
  Wire.last.says(SNAPSHOT);
  Wire.last.says(event(12));
  expect(feed.health).toBe('catching up');
  Wire.last.says(event(13, 'exit'));
  expect(healths).toEqual(['connecting', 'catching up', 'live', 'lost', 'catching up', 'live']);
  expect(feed.events.events.map((it) => it.id)).toEqual([13, 12, 11]);
  expect(feed.devices.inside[0]).toEqual([]);
});

test('where the server cannot resume, the log is read anew', () => {
  const { feed, missed } = feeding();
  Wire.last.says(SUBSCRIBED);
  Wire.last.says(event(11));
  Wire.last.says({ ...SUBSCRIBED, resumed: false, event: 900 });
  Wire.last.says({ type: 'reset', event: 900 });
  expect([missed, feed.events.events, feed.events.last]).toEqual([[10, 900], [], 900]);
});

test('another database starts the log from the beginning', () => {
  const { feed, missed } = feeding();
  Wire.last.says(SUBSCRIBED);
  Wire.last.says(event(11));
  Wire.last.says({ ...SUBSCRIBED, epoch: 'e2', event: 11 });
  expect(Wire.last.sent.at(-1)!.events!.after).toBeNull();
  Wire.last.says({ ...SUBSCRIBED, epoch: 'e2', event: 3 });
  expect([missed, feed.events.last]).toEqual([[10, 3], 3]);
});

test('the clock of the server is the one that ages data', () => {
  const { feed } = feeding();
  Wire.last.says(SUBSCRIBED);
  expect(feed.clockOffset).toBe(10_000);
});

test('a hidden tab pauses, and comes back with what it missed', () => {
  const { feed } = feeding();
  Wire.last.says(SUBSCRIBED);
  Wire.last.says(SNAPSHOT);
  feed.pause();
  expect(feed.health).toBe('paused');
  feed.resume();
  expect(feed.health).toBe('catching up');
  expect(Wire.last.sent.map((message) => message.type)).toEqual(['subscribe', 'pause', 'resume']);
  Wire.last.says(SNAPSHOT);
  expect(feed.health).toBe('live');
});

test('a broken frame costs itself and nothing else', () => {
  const { feed } = feeding();
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  Wire.last.onmessage({ data: '{' });
  Wire.last.onmessage({ data: new ArrayBuffer(5) });
  Wire.last.says(SNAPSHOT);
  expect([warned.mock.calls.length, feed.devices.size]).toEqual([2, 1]);
  warned.mockRestore();
});

test('the same view is not asked for twice', () => {
  const { feed } = feeding();
  const look = { bounds: { west: 1, south: 2, east: 3, north: 4 }, zoom: 9, devices: 5000, shown: 10, wanted: [] };
  feed.see(look);
  feed.see({ ...look });
  expect(Wire.last.sent.length).toBe(2);
});

test('a small fleet is followed as a whole, a large one in the view with a margin', () => {
  const look = {
    bounds: { west: 24, south: 60, east: 26, north: 61 },
    zoom: 9,
    devices: 2000,
    shown: 50,
    wanted: ['a'],
  };
  expect(subscription(look)).toMatchObject({ viewport: { west: -180, east: 180 }, devices: null, binary: true });
  expect(subscription({ ...look, devices: 2001 })).toMatchObject({
    devices: ['a'],
    zoom: 9,
  });
  const { west, south, east, north } = subscription({ ...look, devices: 2001 }).viewport;
  expect([west, south, east, north].map((each) => each.toFixed(3))).toEqual(['23.800', '59.900', '26.200', '61.100']);
});

const LARGE = {
  bounds: { west: 24, south: 60, east: 26, north: 61 },
  zoom: 9,
  devices: 5000,
  shown: 50,
  wanted: [],
};

test('a small pan and a little nearer ask nothing, a larger one and more do', () => {
  const asked = subscription(LARGE);
  const pan = (east: number, north: number, zoom = 9) => {
    const { bounds } = LARGE;
    const moved = {
      west: bounds.west + east,
      east: bounds.east + east,
      south: bounds.south + north,
      north: bounds.north + north,
    };
    return subscription({ ...LARGE, bounds: moved, zoom }, asked).viewport === asked.viewport;
  };
  expect([pan(0, 0), pan(0.2, 0), pan(-0.2, 0.1), pan(0, -0.1), pan(0, 0, 9.2)]).toEqual([
    true,
    true,
    true,
    true,
    true,
  ]);
  expect([pan(0.21, 0), pan(0, 0.11), pan(0, 0, 9.3), pan(0, 0, 8.7)]).toEqual([false, false, false, false]);
});

test('a pan across 180 degrees, and a map dragged round the world, are in what was asked for', () => {
  const bounds = { west: 170, south: -5, east: 190, north: 5 };
  const asked = subscription({ ...LARGE, bounds });
  for (const turn of [0, -360, 360]) {
    const moved = { ...bounds, west: bounds.west + turn + 1, east: bounds.east + turn + 1 };
    expect(subscription({ ...LARGE, bounds: moved }, asked).viewport).toBe(asked.viewport);
  }
});

test('many come in binary, few as rows that say more; a view just asked for may hold many', () => {
  const asked = subscription(LARGE);
  expect(asked.binary).toBe(true);
  expect([1, 300, 301, 0].map((shown) => subscription({ ...LARGE, shown }, asked).binary)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

/** Three cells as the server packs them: written by hand from the contract. */
function packCells(afresh: boolean, cells: readonly (readonly number[])[]): ArrayBuffer {
  const n = cells.length;
  const data = new DataView(new ArrayBuffer(16 + 20 * n + n + ((4 - (n % 4)) % 4)));
  data.setUint8(0, 3);
  data.setUint8(1, afresh ? 1 : 0);
  data.setUint32(4, n, true);
  cells.forEach((cell, i) => {
    for (const column of [0, 1, 2, 3, 4]) data.setInt32(16 + 4 * (n * column + i), cell[column]!, true);
    data.setUint8(16 + 20 * n + i, cell[5]!);
  });
  return data.buffer;
}

test('cells come as changes: what is in none of them stays, and what is empty goes', () => {
  const { feed, counted } = feeding();
  Wire.last.says(SUBSCRIBED);
  Wire.last.says(SNAPSHOT);
  Wire.last.onmessage({
    data: packCells(true, [
      [0, 249e6, 601e6, 12_000, 3, 1],
      [1, 25e7, 601e6, 9_000, 0, 2],
    ]),
  });
  expect([feed.health, feed.devices.shownCount()]).toEqual(['live', 0]);
  Wire.last.says({ type: 'positions', positions: SNAPSHOT.positions }); // the one that was asked for by name
  Wire.last.onmessage({
    data: packCells(false, [
      [2, 251e6, 601e6, 5, 0, 2],
      [0, 249e6, 601e6, 0, 0, 0],
    ]),
  });
  expect(feed.devices.shownCount()).toBe(1);
  expect(counted.at(-1)).toEqual([
    { id: 1, lon: 25, lat: 60.1, count: 9_000, silent: 0, status: 2 },
    { id: 2, lon: 25.1, lat: 60.1, count: 5, silent: 0, status: 2 },
  ]);
  Wire.last.says(SNAPSHOT);
  expect(counted.at(-1)).toEqual([]);
});

test('cells of the wrong length are refused', () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { counted } = feeding();
  Wire.last.onmessage({ data: packCells(true, [[0, 1, 1, 1, 0, 1]]).slice(0, 30) });
  expect([warned.mock.calls.length, counted.length]).toEqual([1, 0]);
  warned.mockRestore();
});

test('a view across 180 degrees has its west east of its east', () => {
  const look = { zoom: 5, devices: 5000, shown: 400, wanted: [] };
  expect(subscription({ ...look, bounds: { west: 170, south: -5, east: 190, north: 5 } }).viewport).toMatchObject({
    west: 168,
    east: -168,
  });
  expect(subscription({ ...look, bounds: { west: -300, south: -5, east: 200, north: 5 } }).viewport).toMatchObject({
    west: -180,
    east: 180,
  });
});

test('the log keeps a bounded number of events, newest first, each once', () => {
  const log = new EventLog();
  const make = (id: number) => ({
    id,
    type: 'enter',
    device: 'a',
    geofence: null,
    at: 0,
    detectedAt: 0,
    late: false,
    lon: 0,
    lat: 0,
    evidence: decodeEvidence(null),
  });
  for (let id = 1; id <= 2 * KEPT; id++) log.add(make(id));
  expect([log.add(make(5)), log.events.length, log.events[0]!.id, log.last]).toEqual([false, KEPT, 2 * KEPT, 2 * KEPT]);
  expect(log.lostUpTo).toBe(KEPT);
  log.fill([make(301), make(302), make(600)], KEPT);
  expect(new Set(log.events.map((it) => it.id)).size).toBe(KEPT);
  log.keep(make(7)); // an old one takes the place of one that was held
  expect([log.events.at(-1)!.id, log.lostUpTo]).toEqual([7, KEPT + 1]);
  log.clear();
  log.startAfter(900);
  expect(log.lostUpTo).toBe(900); // until the log is read, nothing up to there is here
  log.fill([make(850), make(900)], 800);
  expect(log.lostUpTo).toBe(800);
});

test('a snapshot in parts is whole with its last part', () => {
  const { feed } = feeding();
  Wire.last.onmessage({ data: JSON.stringify({ ...SUBSCRIBED, resumed: false }) });
  Wire.last.onmessage({ data: JSON.stringify({ ...SNAPSHOT, more: true }) });
  expect(feed.health).toBe('catching up');
  Wire.last.onmessage({ data: JSON.stringify({ ...SNAPSHOT, type: 'positions' }) });
  expect(feed.health).toBe('catching up');
  Wire.last.onmessage({ data: JSON.stringify({ ...SNAPSHOT, type: 'positions', complete: true }) });
  expect(feed.health).toBe('live');
});

test('a quiet server is asked; one that does not answer is slow, and live again with its answer', () => {
  const { feed } = feeding();
  Wire.last.says(SUBSCRIBED);
  Wire.last.says(SNAPSHOT);
  vi.advanceTimersByTime(2_000);
  expect(Wire.last.sent.at(-1)).toMatchObject({ type: 'ping', id: 1 });
  expect(feed.health).toBe('live');
  vi.advanceTimersByTime(1_500);
  expect(feed.health).toBe('slow');
  Wire.last.says({ type: 'pong', id: 1, server_time: '2026-11-23T10:00:00Z' });
  expect(feed.health).toBe('live');
});
