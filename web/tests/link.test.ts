import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Link } from '../src/link/link';

/** Stands where the browser's WebSocket does: one whose other side can fall silent. */
class Wire {
  static readonly OPEN = 1;
  static all: Wire[] = [];
  static answers = true;
  readonly readyState = 1;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly url: string) {
    Wire.all.push(this);
    queueMicrotask(() => this.onopen?.());
  }
  send(text: string): void {
    this.sent.push(text);
    const { type } = JSON.parse(text) as { type: string };
    const answer = type === 'ping' ? 'pong' : 'subscribed';
    if (Wire.answers) queueMicrotask(() => this.onmessage?.({ data: JSON.stringify({ type: answer }) }));
  }
  close(): void {}
}

const SHARE = { name: 'School run', until: '2126-01-01T00:00:00Z', live: true, trail: 0, frames: null };
let sessions = 0;

async function fetched(address: URL): Promise<Response> {
  const isSession = address.pathname.endsWith('/session');
  if (isSession) sessions++;
  const body = isSession ? { token: 't' } : { share: SHARE };
  return new Response(JSON.stringify(body), { status: isSession ? 201 : 200 });
}

/** What a browser does to a page nobody sees: no timer comes sooner than after a minute. */
function hide(): void {
  const { setTimeout, setInterval } = globalThis;
  const late = (ms = 0) => Math.max(ms, 60_000);
  vi.stubGlobal('setTimeout', (work: () => void, ms?: number) => setTimeout(work, late(ms)));
  vi.stubGlobal('setInterval', (work: () => void, ms?: number) => setInterval(work, late(ms)));
}

async function opened(): Promise<Link> {
  const link = new Link(new URL('http://here/'), 'code', null);
  await vi.advanceTimersByTimeAsync(0);
  expect(link.state.value).toBe('open');
  return link;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Wire);
  vi.stubGlobal('fetch', fetched);
  Wire.all = [];
  Wire.answers = true;
  sessions = 0;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a link whose devices stand still', () => {
  test.each([
    ['that is looked at', () => {}],
    ['in a hidden page', hide],
  ])('%s stays open, by one session', async (_, prepare) => {
    prepare();
    const link = await opened();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([link.state.value, sessions, Wire.all.length]).toEqual(['open', 1, 1]);
    expect(Wire.all[0]!.sent.length).toBeGreaterThan(5);
  });
});

describe('a network that is gone', () => {
  test('is noticed 12 s after the last word, and the link goes on with it', async () => {
    const link = await opened();
    Wire.answers = false;
    await vi.advanceTimersByTimeAsync(11_900);
    expect(link.state.value).toBe('open');
    await vi.advanceTimersByTimeAsync(100);
    expect(link.state.value).toBe('lost');
    Wire.answers = true;
    await vi.advanceTimersByTimeAsync(30_000);
    expect([link.state.value, sessions]).toEqual(['open', 2]);
  });

  test('is noticed by a hidden page too', async () => {
    hide();
    const link = await opened();
    Wire.answers = false;
    await vi.advanceTimersByTimeAsync(121_000);
    expect(link.state.value).toBe('lost');
  });

  test('that says nothing to who subscribes is noticed too', async () => {
    Wire.answers = false;
    const link = new Link(new URL('http://here/'), 'code', null);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(link.state.value).toBe('lost');
  });
});
