/** What one looks at stands in the address: it can be kept, sent to a colleague, and is there after a reload. */
import { batch, effect, untracked } from '@preact/signals';
import { EVERYTHING, type Finding, ORDERS } from './finding';
import type { Live } from './live';
import type { Camera } from './map/camera';
import { besideCard } from './room';
import * as state from './state';
import { holdToWhatThereIs, namedIn, readIds } from './there';

const PANES: readonly state.Pane[] = ['devices', 'geofences', 'alerts', 'events'];
const FILTERS: readonly state.Filter[] = ['all', 'moving', 'stopped', 'silent'];
const VIEWS: readonly state.CardView[] = ['now', 'talk', 'charts', 'health'];
const DIALOGUES = ['add', 'edit', 'share', 'account', 'gatherings', 'sources', 'settings', 'views'] as const;
const HOURS = ['1', '6', '24'] as const; // of the charts
type Dialogue = (typeof DIALOGUES)[number];
/** What a step of the history keeps beside its address. `untold`: sets that were too long for it. */
interface Kept {
  readonly camera?: Camera;
  readonly untold?: readonly string[];
}
const LONGEST = 4_000; // letters of ids in a row: servers and programs that pass links on take a few thousand
const SETS = { follow: state.followed, pick: state.picked, trails: state.trailed };
/** What one goes back from by a step. The rest changes as one looks about, in the step one is at. */
const STEPS = [
  'pane',
  'show',
  ...Object.keys(EVERYTHING),
  'fence',
  'kind',
  'of',
  'in',
  'event',
  'device',
  'card',
  'hours',
  'alert',
  'open',
];

/** What the page makes of the address itself, and not a hand: it is the same step, and none to go back from. */
let isRead = true;

/** What is done changes nothing that one would go back from: it only finds out that the address names what is not. */
export function inSameStep(work: () => void): void {
  work();
  isRead = true; // until what has changed is written, and no longer where nothing has
  queueMicrotask(() => {
    isRead = false;
  });
}

/** Takes over what the address says, then keeps it saying what is looked at. */
export function keepAddress(live: Live): () => void {
  state.kiosk.value = new URLSearchParams(location.search).has('kiosk');
  let isDue = false;
  let query = new URLSearchParams(); // as it was read: what it names and is not here goes from the address before all is known
  const write = () => {
    isDue = false;
    note(live, writeAddress(live), isRead);
    isRead = false;
  };
  const writeSoon = () => {
    if (!isDue) queueMicrotask(write); // what changes together is one step
    isDue = true;
  };
  const read = ({ state: kept }: { readonly state: unknown }) => {
    isRead = true;
    query = new URLSearchParams(location.search);
    takeOver(live, query, (kept as Kept | null) ?? {});
    if (state.catalogue.peek() === 'loaded') arrive(live, query);
    writeSoon();
  };
  read({ state: null });
  const stops = [
    effect(() => {
      writeAddress(live);
      writeSoon();
    }),
    effect(() => {
      if (state.catalogue.value !== 'loaded') return;
      isRead = true;
      untracked(() => arrive(live, query));
      writeSoon();
    }),
  ];
  addEventListener('popstate', read);
  return () => {
    for (const stop of stops) stop();
    removeEventListener('popstate', read);
  };
}

/** A step is gone back from to where the map was, which the address says only where a hand has put it there. */
function note(live: Live, text: string, isSame: boolean): void {
  const kept = (history.state ?? {}) as Kept;
  const untold = Object.entries(SETS).flatMap(([key, ids]) => (isTooLong(ids.peek()) ? [key] : []));
  if (location.search === text) {
    if (String(untold) !== String(kept.untold ?? [])) history.replaceState({ ...kept, untold }, '', location.href);
    return;
  }
  const url = location.pathname + text;
  if (isSame || stepOf(text) === stepOf(location.search)) return history.replaceState({ ...kept, untold }, '', url);
  const camera = live.view.peek()?.camera;
  history.replaceState({ ...kept, camera }, '', location.href);
  history.pushState({ untold }, '', url);
}

export function stepOf(text: string): string {
  const query = new URLSearchParams(text);
  return JSON.stringify(STEPS.map((key) => query.get(key)));
}

function takeOver(live: Live, query: URLSearchParams, kept: Kept): void {
  const camera = readCamera(query.get('at'));
  const stood = camera ?? kept.camera;
  const device = readDevice(live, query);
  batch(() => {
    takeLook(query);
    const pane = oneOf(PANES, query.get('pane'), 'devices');
    state.pane.value = pane === 'alerts' && !state.seesAlerts.peek() ? 'devices' : pane;
    state.feedFilter.value = readFeedFilter(query);
    state.openAlert.value = state.pane.value === 'alerts' ? query.get('alert') : null;
    state.chartHours.value = Number(oneOf(HOURS, query.get('hours'), '1'));
    if (!kept.untold?.includes('pick')) state.picked.value = new Set(readIds(query.get('pick')));
    if (!kept.untold?.includes('trails')) state.trailed.value = new Set(readIds(query.get('trails')));
    state.chosenFence.value = query.get('fence');
    state.camera.value = camera;
  });
  if (stood) live.view.peek()?.stand(stood);
  if (device === null) state.selected.value = null;
  else if (stood) state.selected.value = live.stood = live.rowOf(device);
  else live.goToDevice(device);
  if (!kept.untold?.includes('follow')) state.followed.value = readFollowed(query);
  if (device !== null) state.cardView.value = oneOf(VIEWS, query.get('card'), 'now');
  takeDialogue(readDialogue(query.get('open')), device);
  const event = Number(query.get('event') ?? Number.NaN);
  if (!Number.isInteger(event) || event <= 0) state.chosenEvent.value = null;
  else if (event !== state.chosenEvent.peek()) void live.goToEvent(event);
}

/** Null for none, and where it is known that there is none of this name, which `arrive` tells. */
function readDevice(live: Live, query: URLSearchParams): string | null {
  const [device = null] = readIds(query.get('device'));
  const isKnown = device !== null && live.feed.devices.row(device) !== undefined;
  return isKnown || state.catalogue.peek() !== 'loaded' ? device : null;
}

/** A bare 1 once meant the one that is selected. */
export function readFollowed(query: URLSearchParams): ReadonlySet<string> {
  const [follow, device] = [query.get('follow'), query.get('device')];
  return new Set(follow === '1' && device !== null ? [device] : readIds(follow));
}

/** Filters, order and layers: with a place of the map all that a view that is kept consists of. */
export function takeLook(query: URLSearchParams): void {
  state.query.value = query.get('q') ?? '';
  state.filter.value = oneOf(FILTERS, query.get('show'), 'all');
  state.finding.value = readFinding(query);
  const hidden = (query.get('hide') ?? '').split(',');
  state.hidden.value = new Set(state.LAYERS.filter((layer) => hidden.includes(layer)));
}

/** What there is is known: the rest of what the address names is passed over, and a geofence is shown where it lies. */
function arrive(live: Live, query: URLSearchParams): void {
  holdToWhatThereIs(live.feed.devices, namedIn(query));
  const row = query.get('open') === 'share' && state.mayShare.peek() ? state.selected.peek() : null;
  const { id: ids, name: names } = live.feed.devices;
  if (row !== null) state.sharing.value = { id: ids[row]!, name: names[row] ?? ids[row]! };
  const fence = state.geofences.peek().find((each) => each.id === query.get('fence'));
  if (!fence) return;
  state.chosenFence.value = fence.id;
  if (state.camera.peek() === null) live.view.peek()?.fitFence(fence, besideCard());
}

/** The keys once had a dialogue of their own, which bookmarks name. */
function readDialogue(name: string | null): Dialogue | null {
  return DIALOGUES.find((each) => each === (name === 'keys' ? 'settings' : name)) ?? null;
}

function takeDialogue(dialogue: Dialogue | null, device: string | null): void {
  const may = state.mayManage.peek();
  state.settingsShown.value = dialogue === 'settings';
  state.viewsShown.value = dialogue === 'views';
  state.addingShown.value = may && dialogue === 'add';
  state.editing.value = may && dialogue === 'edit' ? device : null;
  if (dialogue !== 'share') state.sharing.value = null; // which waits for the name of what is shared
  state.accountShown.value = dialogue === 'account' && (state.isAdmin.peek() || state.me.peek()?.person != null);
  state.joining.value = may && (dialogue === 'gatherings' || dialogue === 'sources') ? dialogue : null;
}

function openDialogue(): Dialogue | null {
  if (state.settingsShown.value) return 'settings';
  if (state.addingShown.value) return 'add';
  if (state.editing.value !== null) return 'edit';
  if (state.sharing.value !== null) return 'share';
  if (state.accountShown.value) return 'account';
  return state.joining.value ?? (state.viewsShown.value ? 'views' : null);
}

export function readFinding(query: URLSearchParams): Finding {
  return {
    order: oneOf(ORDERS, query.get('order'), 'name'),
    category: query.get('category'),
    inside: query.get('inside'),
    group: query.get('group'),
    silent: positive(query.get('silent')),
    faster: positive(query.get('faster')),
    below: positive(query.get('below')),
  };
}

export function readFeedFilter(query: URLSearchParams): state.FeedFilter {
  return { kind: query.get('kind') ?? '', device: query.get('of') ?? '', geofence: query.get('in') ?? '' };
}

export function writeFinding(finding: Finding): [string, string][] {
  return Object.entries(finding)
    .filter(([key, value]) => value !== EVERYTHING[key as keyof Finding])
    .map(([key, value]) => [key, String(value)]);
}

type Said = readonly (readonly [string, string | null])[];

/** What `takeLook` takes. */
export function writeLook(): Said {
  return [
    ['q', state.query.value || null],
    ['show', unless('all', state.filter.value)],
    ...writeFinding(state.finding.value),
    ['hide', state.hidden.value.size > 0 ? [...state.hidden.value].join(',') : null],
  ];
}

/** `?` and what differs from the usual, or nothing. */
function writeAddress(live: Live): string {
  const row = state.selected.value;
  const device = row === null ? null : live.feed.devices.id[row] || null;
  const isCharts = device !== null && state.cardView.value === 'charts';
  return asText([
    ['kiosk', state.kiosk.value ? '' : null],
    ...writeLook(),
    ['pane', unless('devices', state.pane.value)],
    ['at', state.camera.value && writeCamera(state.camera.value)],
    ['fence', state.chosenFence.value],
    ['kind', state.feedFilter.value.kind || null],
    ['of', state.feedFilter.value.device || null],
    ['in', state.feedFilter.value.geofence || null],
    ['event', state.chosenEvent.value === null ? null : String(state.chosenEvent.value)],
    ['device', device],
    ['card', device === null ? null : unless('now', state.cardView.value)],
    ['hours', isCharts && state.chartHours.value !== 1 ? String(state.chartHours.value) : null],
    ['alert', state.pane.value === 'alerts' ? state.openAlert.value : null],
    ['open', openDialogue()],
    ...Object.entries(SETS).map(([key, ids]) => [key, writeIds(ids.value)] as const),
  ]);
}

export function asText(said: Said): string {
  const query = new URLSearchParams(said.filter((each): each is [string, string] => each[1] !== null));
  const text = query.toString().replaceAll('%2C', ',').replace('kiosk=', 'kiosk'); // as people type it
  return text && `?${text}`;
}

/** Null for none, and for more than an address holds: a part of them would be acted on as if it were all. */
export function writeIds(ids: ReadonlySet<string>): string | null {
  const text = [...ids].join(',');
  return text === '' || isTooLong(ids) ? null : text === '1' ? '1,' : text; // see readFollowed
}

export function isTooLong(ids: ReadonlySet<string>): boolean {
  return [...ids].join(',').length > LONGEST;
}

/** `lon,lat,zoom`; five digits are a metre. */
export function writeCamera({ center: [lon, lat], zoom }: Camera): string {
  return `${lon.toFixed(5)},${lat.toFixed(5)},${zoom.toFixed(2)}`;
}

export function readCamera(text: string | null): Camera | null {
  const [lon, lat, zoom, more] = (text ?? '').split(',').map(Number);
  const isWhole = [lon, lat, zoom].every(Number.isFinite) && more === undefined;
  if (!isWhole || Math.abs(lat!) > 85 || Math.abs(lon!) > 360) return null;
  return { center: [lon!, lat!], zoom: Math.max(1, Math.min(20, zoom!)) };
}

function unless(usual: string, value: string): string | null {
  return value === usual ? null : value;
}

function oneOf<T extends string>(all: readonly T[], given: string | null, otherwise: T): T {
  return all.find((each) => each === given) ?? otherwise;
}

function positive(text: string | null): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
}
