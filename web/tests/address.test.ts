import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepAddress } from '../src/address';
import { Desk } from '../src/alerts/desk';
import type { Live } from '../src/live';
import { DeviceTable } from '../src/live/devices';
import {
  cardView,
  catalogue,
  chartHours,
  me,
  notice,
  openAlert,
  pane,
  picked,
  selected,
  settingsShown,
  sharing,
  trailed,
} from '../src/state';

const devices = new DeviceTable();
devices.learn('bus', 'Bus', null);
const rowOf = (id: string) => devices.row(id) ?? devices.learn(id, id, null);
const goToDevice = (id: string) => {
  selected.value = rowOf(id);
};
const live = { feed: { devices }, view: { peek: () => null }, rowOf, goToDevice } as unknown as Live;

/** The steps of a browser, as far as the page uses them. */
class Steps {
  readonly all: { state: unknown; search: string }[] = [{ state: null, search: '' }];
  at = 0;
  read: (event: { state: unknown }) => void = () => {};

  get state(): unknown {
    return this.all[this.at]!.state;
  }

  replaceState(state: unknown, _: string, url: string): void {
    this.all[this.at] = { state: structuredClone(state), search: new URL(url, 'http://here/').search };
  }

  pushState(state: unknown, _: string, url: string): void {
    this.all.length = ++this.at;
    this.replaceState(state, _, url);
  }

  go(by: number): void {
    this.at += by;
    this.read({ state: this.state });
  }
}

let steps: Steps;
let stop: () => void;

beforeEach(() => {
  steps = new Steps();
  const search = () => steps.all[steps.at]!.search;
  vi.stubGlobal('history', steps);
  vi.stubGlobal('location', {
    pathname: '/',
    get search() {
      return search();
    },
    get href() {
      return `http://here/${search()}`;
    },
  });
  vi.stubGlobal('addEventListener', (_: string, read: Steps['read']) => {
    steps.read = read;
  });
  vi.stubGlobal('removeEventListener', () => {});
  [catalogue.value, notice.value, selected.value] = ['loaded', '', null];
  [picked.value, trailed.value, pane.value] = [new Set(), new Set(), 'devices'];
});

afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

const settled = () => new Promise((done) => setTimeout(done));

test.each(['?device=', '?device=ghost', '?device=%3Cx%3E'])('%s makes no device', async (search) => {
  steps.all[0] = { state: null, search };
  const size = devices.size;
  stop = keepAddress(live);
  await settled();
  expect([devices.size, selected.value, steps.all[0]!.search]).toEqual([size, null, '']);
  expect(notice.value.includes('ghost')).toBe(search.includes('ghost'));
});

test('what is longer than an address is not lost by going back; what is not is as it was', async () => {
  stop = keepAddress(live);
  picked.value = new Set(Array.from({ length: 600 }, (_, i) => `device-${i}`));
  trailed.value = new Set(['bus']);
  await settled();
  pane.value = 'geofences';
  await settled();
  trailed.value = new Set();
  await settled();
  expect(steps.all.map(({ search }) => search)).toEqual(['?trails=bus', '?pane=geofences']);
  steps.go(-1);
  await settled();
  expect([picked.value.size, [...trailed.value].join()]).toEqual([600, 'bus']);
  picked.value = new Set();
  await settled();
  steps.go(1);
  steps.go(-1);
  await settled();
  expect([pane.value, steps.at]).toEqual(['devices', 0]);
});

test('the charts, the open subscription and the dialogue that shares are steps, gone back and forward through', async () => {
  me.value = { kind: 'admin', name: '', person: null, owner: false, groups: [] };
  stop = keepAddress(live);
  selected.value = rowOf('bus');
  cardView.value = 'charts';
  await settled();
  chartHours.value = 24;
  await settled();
  sharing.value = { id: 'bus', name: 'Bus' };
  await settled();
  expect(steps.all.at(-1)!.search).toBe('?device=bus&card=charts&hours=24&open=share');
  steps.go(-1);
  await settled();
  expect([sharing.value, chartHours.value]).toEqual([null, 24]);
  steps.go(-1);
  await settled();
  expect(chartHours.value).toBe(1);
  steps.go(2);
  await settled();
  expect([sharing.value, chartHours.value]).toEqual([{ id: 'bus', name: 'Bus' }, 24]);
  sharing.value = null;
  pane.value = 'alerts';
  openAlert.value = 'mine';
  await settled();
  expect(steps.all.at(-1)!.search).toContain('pane=alerts&device=bus&card=charts&hours=24&alert=mine');
  steps.go(-1);
  await settled();
  expect(openAlert.value).toBeNull();
  steps.go(1);
  await settled();
  expect(openAlert.value).toBe('mine');
});

test('who may not share is asked for no link by an address that says so', async () => {
  me.value = { kind: 'viewer', name: '', person: null, owner: false, groups: [] };
  steps.pushState(null, '', '/?device=bus&open=share');
  stop = keepAddress(live);
  await settled();
  expect([sharing.value, steps.all.at(-1)!.search]).toEqual([null, '?device=bus']);
});

test('a subscription that is gone leaves the step that names it, and one goes on back and forward through it', async () => {
  me.value = { kind: 'admin', name: '', person: null, owner: false, groups: [] };
  steps.pushState(null, '', '/?pane=alerts&alert=gone');
  steps.pushState(null, '', '/?pane=events');
  stop = keepAddress(live);
  await settled();
  steps.go(-1);
  await settled();
  const desk = new Desk();
  desk.subscriptions.value = [];
  desk.follow();
  await settled();
  expect(steps.all.map(({ search }) => search)).toEqual(['', '?pane=alerts', '?pane=events']);
  pane.value = 'events'; // by hand: a step again
  await settled();
  expect(steps.at).toBe(2);
});

test('a bookmark of the list of keys opens the settings, where the list is now', async () => {
  steps.all[0] = { state: null, search: '?open=keys' };
  stop = keepAddress(live);
  await settled();
  expect([settingsShown.value, steps.all[0]!.search]).toEqual([true, '?open=settings']);
  settingsShown.value = false;
});
