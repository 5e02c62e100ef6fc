import { beforeEach, expect, test, vi } from 'vitest';
import { asText, isTooLong, readFollowed, stepOf, writeIds, writeLook } from '../src/address';
import { ApiError } from '../src/api/call';
import { followChosen, toggleFollowing } from '../src/following';
import type { Live } from '../src/live';
import { DeviceTable } from '../src/live/devices';
import { actOnEach, actOnPicked, byReason } from '../src/many/acts';
import { clickOn, closePicking, dropPicked, pickMore, pickRange, toggle } from '../src/many/picking';
import { findInBox } from '../src/map/box';
import { keepInView } from '../src/map/keep';
import {
  choosing,
  feedFilter,
  finding,
  followed,
  geofences,
  hidden,
  notice,
  outcome,
  picked,
  running,
  selected,
  trailed,
} from '../src/state';
import { holdToWhatThereIs, letGo, namedIn, readIds } from '../src/there';

const devices = new DeviceTable();
for (const id of ['a', 'b', 'c', 'd']) devices.learn(id, id.toUpperCase(), null);
const live = { feed: { devices } } as unknown as Live;

beforeEach(() => {
  for (const each of [picked, followed, trailed]) each.value = new Set();
  selected.value = null;
  choosing.value = false;
  notice.value = '';
});

const pickedIds = () => [...picked.value].join('');

test('one clicked with a key joins the selected one, and leaves by another click', () => {
  selected.value = 0;
  pickMore(live, [2]);
  expect(pickedIds()).toBe('ac');
  pickMore(live, [0]);
  expect(pickedIds()).toBe('c');
  pickMore(live, [0, 1, 2]); // a box takes in what is in it, whatever was picked
  expect(pickedIds()).toBe('cab');
});

test('a range is what lies between, in the order of the list, and nothing else', () => {
  pickRange(live, [3, 1, 0, 2], 2, 1);
  expect(pickedIds()).toBe('ba');
});

test('a plain click shows one and picks none, but while several are chosen it picks', () => {
  picked.value = new Set(['a', 'b']);
  clickOn(live, null);
  expect(pickedIds()).toBe('ab');
  clickOn(live, 3);
  expect([pickedIds(), selected.value]).toEqual(['', 3]);
  choosing.value = true;
  clickOn(live, 1);
  expect([pickedIds(), selected.value]).toEqual(['b', 3]);
});

test('what is picked is followed before what is selected, and not twice', () => {
  selected.value = 0;
  followChosen(live);
  expect([...followed.value]).toEqual(['a']);
  picked.value = toggle(new Set(['b']), 'c');
  followChosen(live);
  expect([...followed.value]).toEqual(['b', 'c']);
  toggleFollowing(new Set(['c', 'b']));
  expect(followed.value.size).toBe(0);
});

test('each of many is asked once, and what was refused says why, in their order', async () => {
  const ids = Array.from({ length: 13 }, (_, i) => `d${i}`);
  const asked: string[] = [];
  let [under, most] = [0, 0];
  const answered: number[] = [];
  const act = async (id: string) => {
    asked.push(id);
    most = Math.max(most, ++under);
    await new Promise((done) => setTimeout(done, id === 'd0' ? 20 : 1));
    under--;
    if (id === 'd0' || id === 'd7') throw new ApiError(403, 'you may not', null);
    if (id === 'd3') throw new TypeError('no network');
  };
  const { done, refused } = await actOnEach(ids, act, (many) => answered.push(many));
  expect([done, refused.map(({ id }) => id)]).toEqual([10, ['d0', 'd3', 'd7']]);
  expect(asked.sort()).toEqual([...ids].sort());
  expect(most).toBe(4);
  expect(answered).toEqual(ids.map((_, i) => i + 1));
  expect(byReason(refused).get('you may not')).toEqual(['d0', 'd7']);
});

/** Holds each act until it is let go on. */
function hold() {
  const asked: string[] = [];
  const goOn: (() => void)[] = [];
  const act = (id: string) => {
    asked.push(id);
    return new Promise<void>((done, fail) =>
      goOn.push(() => (id === 'b' ? fail(new ApiError(403, 'you may not')) : done())),
    );
  };
  const letGoOn = () => {
    for (const each of goOn.splice(0)) each();
  };
  return { asked, act, goOn: letGoOn };
}

test('a run goes on where its devices are picked no more, none begins beside it, and the refused are then picked', async () => {
  picked.value = new Set(['a', 'b', 'ghost', 'c']);
  const { asked, act, goOn } = hold();
  const run = actOnPicked(devices, act);
  expect(await actOnPicked(devices, act)).toBe(false);
  dropPicked();
  expect(running.value?.of).toBe(4);
  await vi.waitFor(() => expect(asked).toEqual(['a', 'b', 'c']));
  goOn();
  expect(await run).toBe(true);
  expect([running.value, outcome.value?.done]).toEqual([null, 2]);
  expect(outcome.value?.refused.map(({ id }) => id)).toEqual(['b', 'ghost']);
  expect([...picked.value]).toEqual(['b', 'ghost']);
  dropPicked();
  expect(outcome.value).not.toBe(null); // what was refused is read before it is closed
  closePicking();
  expect(outcome.value).toBe(null);
});

test('others that are picked while a run goes on stay picked', async () => {
  picked.value = new Set(['a', 'b']);
  const { act, goOn } = hold();
  const run = actOnPicked(devices, act);
  picked.value = new Set(['d']);
  goOn();
  await run;
  expect([...picked.value]).toEqual(['d']);
  closePicking();
});

test('places further apart than the map shows do not have it move for ever', async () => {
  const map = mapAt(1, 0.2);
  const apart: [number, number][] = [
    [-100, 0],
    [100, 0],
  ];
  for (let i = 0; i < 3; i++) {
    keepInView(map as never, apart, PADDING, false, 15);
    await Promise.resolve();
  }
  expect(map.easeTo).toHaveBeenCalledTimes(1);
});

test('a box takes in what is on the screen in it', () => {
  const at: Record<number, readonly [number, number] | null> = { 0: [10, 10], 1: null, 2: [30, 5], 3: [10, 31] };
  const layer = { screen: (row: number) => at[row] ?? null };
  expect(findInBox(layer, 4, { left: 5, top: 5, right: 30, bottom: 30 })).toEqual([0, 2]);
});

/** A map on which a degree is ten pixels, of 400 by 300. */
function mapAt(zoom: number, best: number, isMoving = false) {
  return {
    isMoving: () => isMoving,
    getZoom: () => zoom,
    getCenter: () => ({ lng: 0, lat: 0 }),
    once: vi.fn((_: string, then: () => void) => void queueMicrotask(then)),
    getCanvas: () => ({ clientWidth: 400, clientHeight: 300 }),
    project: ([lon, lat]: [number, number]) => ({ x: 200 + 10 * lon, y: 150 - 10 * lat }),
    cameraForBounds: () => ({ center: { lng: 0, lat: 0 }, zoom: best }),
    easeTo: vi.fn(),
  };
}

const PADDING = { top: 40, bottom: 40, left: 40, right: 40 };

test.each<[string, [number, number][], { zoom: number; best: number; zoomed?: boolean }, number | null]>([
  [
    'all in view: it rests',
    [
      [0, 0],
      [5, 5],
    ],
    { zoom: 10, best: 10.5 },
    null,
  ],
  [
    'one leaves: it goes as far back as they need',
    [
      [0, 0],
      [19.9, 0],
    ],
    { zoom: 10, best: 9.2 },
    9.2,
  ],
  [
    'one leaves, all would be in view from nearer: no nearer',
    [
      [15, 0],
      [19.9, 0],
    ],
    { zoom: 10, best: 12 },
    10,
  ],
  [
    'close together again: it goes nearer',
    [
      [0, 0],
      [1, 0],
    ],
    { zoom: 10, best: 13 },
    13,
  ],
  [
    'but not where a hand has chosen the zoom',
    [
      [0, 0],
      [1, 0],
    ],
    { zoom: 10, best: 13, zoomed: true },
    null,
  ],
])('%s', (_, places, { zoom, best, zoomed = false }, expected) => {
  const map = mapAt(zoom, best);
  keepInView(map as never, places, PADDING, zoomed, 15);
  expect(map.easeTo.mock.calls[0]?.[0].zoom ?? null).toBe(expected);
  const moving = mapAt(zoom, best, true);
  keepInView(moving as never, places, PADDING, zoomed, 15);
  expect(moving.easeTo).not.toHaveBeenCalled();
});

test('who is gone is let go', () => {
  const table = new DeviceTable();
  for (const id of ['a', 'b']) table.learn(id, id, null);
  followed.value = picked.value = trailed.value = new Set(['a', 'b']);
  selected.value = 1;
  table.retain(new Set(['a']));
  letGo(table);
  expect([followed, picked, trailed].map((each) => [...each.value].join())).toEqual(['a', 'a', 'a']);
  expect(selected.value).toBe(null);
});

test('what a link names and is not here is passed over with a sentence', () => {
  geofences.value = [{ id: 'port' } as never];
  finding.value = { ...finding.value, inside: 'secret' };
  feedFilter.value = { kind: 'enter', device: 'a', geofence: 'port' };
  const query = new URLSearchParams('device=a&follow=a,zed&pick=b&in=port&inside=secret&trails=<x>');
  holdToWhatThereIs(devices, namedIn(query));
  expect(notice.value).toMatch(/zed.*secret/);
  expect(notice.value).not.toMatch(/port|<x>/);
  expect([finding.value.inside, feedFilter.value]).toEqual([null, { kind: 'enter', device: 'a', geofence: 'port' }]);
  notice.value = '';
  holdToWhatThereIs(devices, namedIn(new URLSearchParams('device=a&follow=1')));
  expect(notice.value).toBe('');
});

test('ids in the address come back, more than it holds do not, and the old follow=1 is understood', () => {
  expect(readIds(writeIds(new Set(['a.b', 'c-d'])))).toEqual(['a.b', 'c-d']);
  const long = new Set(Array.from({ length: 2000 }, (_, i) => `device-${i}`));
  expect([writeIds(long), isTooLong(long), isTooLong(new Set(['a']))]).toEqual([null, true, false]);
  const read = (text: string) => [...readFollowed(new URLSearchParams(text))].join();
  expect(read('device=bus&follow=1')).toBe('bus');
  expect(read(`device=bus&follow=${writeIds(new Set(['1']))}`)).toBe('1');
  expect(read('follow=bus,van')).toBe('bus,van');
});

test('where the map looks and what is typed are no steps; what is opened is one', () => {
  expect(stepOf('?device=a&at=1,2,3&q=x')).toBe(stepOf('?device=a'));
  expect(stepOf('?device=a&follow=a')).toBe(stepOf('?device=a'));
  for (const other of ['?device=b', '?device=a&card=talk', '?device=a&pane=geofences', '?device=a&open=add'])
    expect(stepOf(other)).not.toBe(stepOf('?device=a'));
});

test('a hidden layer is in the address', () => {
  hidden.value = new Set(['names']);
  expect(asText(writeLook())).toContain('hide=names');
  hidden.value = new Set();
});
