import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { backoff, isFinal } from '../src/live/backoff';
import { type Link, LiveSocket } from '../src/live/socket';

/** Stands where the browser's WebSocket does; node 20 has none, and a real one cannot be told to close with 4501. */
class Wire {
  static all: Wire[] = [];
  binaryType = '';
  sent: string[] = [];
  closedWith: number | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly url: string) {
    Wire.all.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(code: number): void {
    this.closedWith = code;
  }
  static get last(): Wire {
    return Wire.all[Wire.all.length - 1]!;
  }
}

function connected(random = () => 1) {
  const links: Link[] = [];
  const said: string[] = [];
  const socket: LiveSocket = new LiveSocket(
    'ws://here/ws/live',
    {
      opened: () => socket.send({ hello: 1 }),
      received: (data) => said.push(String(data)),
      silent: () => socket.send({ still: 'there?' }),
      changed: (link) => links.push(link),
    },
    random,
  );
  socket.start();
  return { socket, links, said };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Wire);
  Wire.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('backoff', () => {
  test('the ceiling doubles from half a second to thirty', () => {
    expect([0, 1, 2, 5, 6, 20].map((attempt) => backoff(attempt, 1006, () => 1))).toEqual([
      500, 1000, 2000, 16_000, 30_000, 30_000,
    ]);
  });
  test('jitter is full, but never nothing', () => {
    expect(backoff(6, 1006, () => 0.5)).toBe(15_000);
    expect(backoff(6, 1006, () => 0)).toBe(100);
  });
  test('too many connections: the longest wait at once', () => expect(backoff(0, 4029, () => 1)).toBe(30_000));
  test.each([
    [1000, false],
    [1001, false],
    [1006, false],
    [1012, false],
    [4001, false],
    [4499, false],
    [4500, true],
    [4501, true],
    [4999, true],
    [5000, false],
  ])('%i is final: %s', (code, final) => expect(isFinal(code)).toBe(final));
});

describe('the socket', () => {
  test.each([1000, 1001, 1006, 1012, 4001, 4008, 4029])('connects again after %i', (code) => {
    const { links } = connected();
    Wire.last.onopen!();
    Wire.last.onclose!({ code, reason: '' });
    expect(links.at(-1)).toMatchObject({ state: 'waiting', code, everOpen: true });
    vi.advanceTimersByTime(code === 4029 ? 30_000 : 500);
    expect(Wire.all.length).toBe(2);
  });

  test.each([4501, 4504, 4509])('stops after %i', (code) => {
    const { socket, links } = connected();
    Wire.last.onopen!();
    Wire.last.onclose!({ code, reason: 'why' });
    expect(links.at(-1)).toEqual({ state: 'refused', code, reason: 'why' });
    vi.advanceTimersByTime(3_600_000);
    socket.nudge();
    expect(Wire.all.length).toBe(1);
  });

  test('waits longer each time, and from the start again after a stable connection', () => {
    const { links } = connected();
    const waits: number[] = [];
    const fail = () => {
      Wire.last.onclose!({ code: 1006, reason: '' });
      const link = links.at(-1)!;
      if (link.state === 'waiting') waits.push(link.until - Date.now());
      vi.advanceTimersByTime(waits.at(-1)!);
    };
    fail();
    fail();
    fail();
    Wire.last.onopen!(); // open, but not for long
    fail();
    Wire.last.onopen!();
    vi.advanceTimersByTime(5_000);
    fail();
    expect(waits).toEqual([500, 1000, 2000, 4000, 500]);
  });

  test('a nudge connects at once', () => {
    const { socket } = connected();
    for (let i = 0; i < 6; i++) {
      Wire.last.onclose!({ code: 1006, reason: '' });
      socket.nudge();
    }
    expect(Wire.all.length).toBe(7);
  });

  test('a server going away says when to come back', () => {
    const { socket, links } = connected();
    Wire.last.onopen!();
    socket.comeBackAfter(1500);
    Wire.last.onclose!({ code: 1012, reason: '' });
    expect(links.at(-1)).toMatchObject({ state: 'waiting', until: Date.now() + 2000 });
  });

  test('silence is asked about, is slow, then no longer believed in', () => {
    const { links, socket } = connected();
    Wire.last.onopen!();
    vi.advanceTimersByTime(2_000);
    expect(Wire.last.sent).toEqual(['{"hello":1}', '{"still":"there?"}']);
    vi.advanceTimersByTime(1_499);
    expect(links.at(-1)).toEqual({ state: 'open', slow: false });
    vi.advanceTimersByTime(1);
    expect(links.at(-1)).toEqual({ state: 'open', slow: true });
    Wire.last.onmessage!({ data: 'yes' });
    expect(links.at(-1)).toEqual({ state: 'open', slow: false });
    const heard = Date.now();
    vi.advanceTimersByTime(9_999);
    expect([links.at(-1), socket.lostAt]).toEqual([{ state: 'open', slow: true }, null]);
    vi.advanceTimersByTime(1);
    expect(links.at(-1)).toMatchObject({ state: 'waiting', code: 4001 });
    expect([Wire.last.closedWith, socket.lostAt]).toEqual([4001, heard]);
    vi.advanceTimersByTime(30_000);
    Wire.last.onopen!();
    expect(socket.lostAt).toBeNull();
  });

  test('a paused stream may be silent', () => {
    const { socket } = connected();
    Wire.last.onopen!();
    socket.watchSilence(false);
    vi.advanceTimersByTime(600_000);
    expect(Wire.last.sent).toEqual(['{"hello":1}']);
  });

  test('one that died while nobody looked is replaced as soon as somebody does', () => {
    const { links, socket } = connected();
    Wire.last.onopen!();
    const heard = Date.now();
    socket.watchSilence(false);
    vi.advanceTimersByTime(8 * 3_600_000);
    socket.watchSilence(true);
    vi.advanceTimersByTime(1_500);
    expect([links.at(-1), socket.lostAt, Wire.all.length]).toEqual([{ state: 'connecting' }, heard, 2]);
  });

  test('one that answers who looks again is kept', () => {
    const { socket } = connected();
    Wire.last.onopen!();
    socket.watchSilence(false);
    vi.advanceTimersByTime(600_000);
    socket.watchSilence(true);
    Wire.last.onmessage!({ data: '{}' } as MessageEvent<string>);
    vi.advanceTimersByTime(1_900);
    expect([Wire.all.length, socket.link.state]).toEqual([1, 'open']);
  });

  test('who looks again waits for no handshake that hangs', () => {
    const { socket } = connected();
    socket.nudge();
    expect(Wire.all.length).toBe(1);
    vi.advanceTimersByTime(1_600);
    socket.nudge();
    expect(Wire.all.length).toBe(2);
  });

  test('a handshake that hangs while nobody looks is given up, too', () => {
    const { socket } = connected();
    socket.watchSilence(false);
    vi.advanceTimersByTime(15_000 + 500);
    expect(Wire.all.length).toBe(2);
  });

  test('a handshake that hangs is given up', () => {
    connected();
    vi.advanceTimersByTime(15_000 + 500);
    expect(Wire.all.length).toBe(2);
  });

  test('a late word of a dropped socket reaches nobody', () => {
    const { said, socket } = connected();
    const old = Wire.last;
    old.onopen!();
    socket.stop();
    expect([old.onmessage, old.onclose, said, socket.send({})]).toEqual([null, null, [], false]);
  });
});
