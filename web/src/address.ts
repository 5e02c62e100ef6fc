/** What one looks at stands in the address: it can be kept, sent to a colleague, and is there after a reload. */
import { effect } from '@preact/signals';
import { EVERYTHING, type Finding, ORDERS } from './finding';
import type { Live } from './live';
import type { Camera } from './map/view';
import * as state from './state';

const PANES: readonly state.Pane[] = ['devices', 'geofences', 'alerts', 'events'];
const FILTERS: readonly state.Filter[] = ['all', 'moving', 'stopped', 'silent'];
const VIEWS: readonly state.CardView[] = ['now', 'talk', 'charts'];

/** Takes over what the address says, then keeps it saying what is looked at. */
export function keepAddress(live: Live): () => void {
  const query = new URLSearchParams(location.search);
  state.kiosk.value = query.has('kiosk');
  state.query.value = query.get('q') ?? '';
  state.filter.value = oneOf(FILTERS, query.get('show'), 'all');
  const pane = oneOf(PANES, query.get('pane'), 'devices');
  state.pane.value = pane === 'alerts' && !state.seesAlerts.peek() ? 'devices' : pane;
  state.finding.value = readFinding(query);
  state.feedFilter.value = readFeedFilter(query);
  state.chosenFence.value = query.get('fence');
  const device = query.get('device');
  if (device !== null) {
    live.goToDevice(device);
    state.following.value = query.get('follow') === '1';
    state.cardView.value = oneOf(VIEWS, query.get('card'), 'now');
  }
  const event = Number(query.get('event') ?? Number.NaN);
  if (Number.isInteger(event) && event > 0) void live.goToEvent(event);
  return effect(() => {
    const text = writeAddress(live);
    if (location.search !== text) history.replaceState(history.state, '', location.pathname + text);
  });
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

/** `?` and what differs from the usual, or nothing. */
function writeAddress(live: Live): string {
  const row = state.selected.value;
  const device = row === null ? null : (live.feed.devices.id[row] ?? null);
  const said: [string, string | null][] = [
    ['kiosk', state.kiosk.value ? '' : null],
    ['q', state.query.value || null],
    ['show', unless('all', state.filter.value)],
    ['pane', unless('devices', state.pane.value)],
    ...writeFinding(state.finding.value),
    ['at', state.camera.value && writeCamera(state.camera.value)],
    ['fence', state.chosenFence.value],
    ['kind', state.feedFilter.value.kind || null],
    ['of', state.feedFilter.value.device || null],
    ['in', state.feedFilter.value.geofence || null],
    ['event', state.chosenEvent.value === null ? null : String(state.chosenEvent.value)],
    ['device', device],
    ['card', device === null ? null : unless('now', state.cardView.value)],
    ['follow', device !== null && state.following.value ? '1' : null],
  ];
  const query = new URLSearchParams(said.filter((each): each is [string, string] => each[1] !== null));
  return query.size === 0 ? '' : `?${query}`.replace('kiosk=', 'kiosk'); // as people type it
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
