import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Receiver } from '../src/track/place';

const [DENIED, UNAVAILABLE] = [1, 2];
type Found = (position: GeolocationPosition) => void;
type Failed = (error: GeolocationPositionError) => void;

/** A browser's, which tells of nothing by itself; `asked`: who waits for one position. */
let watching: [Found, Failed] | null;
let asked: [Found, Failed][];
let said: string[];
let receiver: Receiver;

const position = () => ({ timestamp: Date.now() }) as GeolocationPosition;
const error = (code: number) => ({ code, PERMISSION_DENIED: DENIED }) as GeolocationPositionError;
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers();
  [watching, asked, said] = [null, [], []];
  vi.stubGlobal('document', { visibilityState: 'visible' });
  vi.stubGlobal('navigator', {
    geolocation: {
      watchPosition: (...both: [Found, Failed]) => {
        watching = both;
        return 1;
      },
      clearWatch: () => (watching = null),
      getCurrentPosition: (...both: [Found, Failed]) => asked.push(both),
    },
  });
  receiver = new Receiver({
    place: () => said.push('place'),
    heard: () => said.push('heard'),
    failed: (isDenied) => said.push(isDenied ? 'denied' : 'none'),
  });
});
afterEach(() => {
  receiver.end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('one that fails at once has a minute yet, also after a pause', async () => {
  receiver.begin(600);
  await pass(1);
  watching![1](error(UNAVAILABLE));
  await pass(58);
  expect(said).toEqual([]);
  receiver.end();
  await pass(300);
  receiver.begin(600);
  watching![1](error(UNAVAILABLE));
  await pass(59);
  expect(said).toEqual([]);
});

test('none for a minute is said, though the browser answers nothing, and not before', async () => {
  receiver.begin(600);
  await pass(10);
  watching![0](position());
  expect(said).toEqual(['heard', 'place']);
  await pass(49);
  expect(said).toHaveLength(2);
  await pass(31);
  expect(said.at(-1)).toBe('none');
});

test('a phone that lies still is asked before it is said, and passes its place on at the pace alone', async () => {
  receiver.begin(600);
  await pass(1);
  watching![0](position());
  for (let minute = 0; minute < 5; minute++) {
    await pass(60);
    for (const [found] of asked.splice(0)) found(position());
  }
  expect(said).not.toContain('none');
  expect(said.filter((each) => each === 'place')).toHaveLength(1);
});

test('a question that is refused says so at once, and it stays said', async () => {
  receiver.begin(5);
  await pass(5);
  asked[0]![1](error(DENIED));
  await pass(0);
  expect(said).toEqual(['denied']);
  await pass(120);
  expect(said).not.toContain('none');
});
