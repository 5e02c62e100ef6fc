import { beforeEach, expect, test, vi } from 'vitest';
import { decode } from '../src/live/decode';
import { KEPT, type Message, Threads } from '../src/live/threads';

const kept = new Map<string, string>();

beforeEach(() => {
  kept.clear();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
});

function message(number: number, more: Partial<Message> = {}): Message {
  return {
    number,
    device: 'van',
    direction: 'up',
    id: `m-${number}`,
    text: `text ${number}`,
    at: 1_000 * number,
    state: 'delivered',
    alarm: null,
    event: null,
    ...more,
  };
}

test('a message comes as the contract has it', () => {
  const said = {
    number: 12,
    device: 'van-12',
    direction: 'up',
    id: 'm-1',
    text: 'on my way',
    at: '2026-11-23T10:00:00Z',
  };
  const frame = decode(
    JSON.stringify({ type: 'message', message: { ...said, state: 'delivered', alarm: null, event: null } }),
  );
  expect(frame).toEqual({
    kind: 'message',
    message: { ...said, at: Date.UTC(2026, 10, 23, 10), state: 'delivered', alarm: null, event: null },
  });
});

test('what comes from a device is unread until somebody looks', () => {
  const threads = new Threads();
  threads.startAt(10, null);
  expect([threads.add(message(11)), threads.add(message(12))]).toEqual([true, true]);
  expect(threads.add(message(13, { direction: 'down' }))).toBe(false);
  expect(threads.unread.get('van')).toBe(2);
  threads.look('van');
  expect(threads.unread.size).toBe(0);
  expect(threads.add(message(14))).toBe(false);
  threads.look(null);
  expect(threads.add(message(15, { device: 'bus' }))).toBe(true);
  expect(threads.unread).toEqual(new Map([['bus', 1]]));
});

test('the same message in another state replaces it and is not news', () => {
  const threads = new Threads();
  threads.add(message(1, { direction: 'down', state: 'queued' }));
  expect(threads.add(message(1, { direction: 'down', state: 'read' }))).toBe(false);
  expect(threads.of('van').map((each) => each.state)).toEqual(['read']);
});

test('an answer that comes late takes nothing back', () => {
  const threads = new Threads();
  threads.add(message(1, { direction: 'down', state: 'read' }));
  threads.add(message(1, { direction: 'down', state: 'queued' }));
  threads.fill('van', [message(1, { direction: 'down', state: 'sent' })]);
  expect(threads.of('van').map((each) => each.state)).toEqual(['read']);
});

test('what is unread stays so over a reload, and so does how far we have heard', () => {
  const before = new Threads();
  before.startAt(10, null);
  before.add(message(11));
  const after = new Threads();
  expect([after.last, after.unread.get('van')]).toEqual([11, 1]);
  expect(after.add(message(11))).toBe(false);
  expect(after.unread.get('van')).toBe(1);
});

test('another installation is begun with anew, and a message that comes meanwhile is kept', () => {
  const threads = new Threads();
  threads.add(message(50));
  expect(threads.startAt(3, 50)).toBe(true);
  expect([threads.last, threads.unread.size, threads.of('van')]).toEqual([3, 0, []]);
  expect(threads.startAt(3, 3)).toBe(false);
  threads.add(message(4));
  expect(threads.startAt(3, 3)).toBe(false); // asked before it came
  expect([threads.last, threads.unread.get('van')]).toEqual([4, 1]);
});

test('a thread read over HTTP is put together with what came meanwhile, and bounded', () => {
  const threads = new Threads();
  threads.add(message(300, { state: 'read' }));
  threads.fill(
    'van',
    Array.from({ length: 300 }, (_, i) => message(i + 1)),
  );
  expect(threads.of('van').length).toBe(KEPT);
  expect(threads.of('van').at(-1)).toMatchObject({ number: 300, state: 'read' });
});

test('what somebody else wrote into the storage is no message', () => {
  kept.set('tracker.messages', '{"last": 5, "unread": 7}');
  expect(new Threads().last).toBe(null);
});
