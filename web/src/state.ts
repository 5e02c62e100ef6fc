/**
 * What the panels watch. No position is in here: they read the device table when `tick` says that it has changed,
 * a few times a second at most.
 */
import { computed, signal } from '@preact/signals';
import type { Geofence } from './api/geofences';
import type { Seen } from './api/messages';
import type { ShareWish } from './api/shares';
import type { Config, Me } from './api/sign-in';
import { EVERYTHING, type Finding } from './finding';
import type { Health } from './live/feed';
import type { TrackerEvent, Viewport } from './live/frames';
import type { Link } from './live/socket';
import type { Camera } from './map/camera';

export type Door =
  | { readonly state: 'asking' | 'open' | 'away' } // away: the server does not answer, and is asked again
  | { readonly state: 'closed'; readonly why: string | null; readonly kept?: boolean }; // kept: what one was at waits behind it
/** What a link in a letter leads to. */
export interface Code {
  readonly kind: 'invitation' | 'password';
  readonly code: string;
}

export type Pane = 'devices' | 'geofences' | 'alerts' | 'events';
export type Filter = 'all' | 'moving' | 'stopped' | 'silent';

export const door = signal<Door>({ state: 'asking' });
export const me = signal<Me | null>(null);
export const config = signal<Config>({ mapStyle: null, version: '', streets: [] });

export const tick = signal(0); // the table has changed
export const second = signal(0); // a second has passed: ages have changed
export const health = signal<Health>('connecting');
export const link = signal<Link>({ state: 'idle' });
export const events = signal<readonly TrackerEvent[]>([]);
export const talked = signal(0); // a thread has changed
export const unread = signal<ReadonlyMap<string, number>>(new Map()); // messages nobody has read here, by device
export const seen = signal<ReadonlyMap<number, Seen>>(new Map()); // who has seen a call for help, by its event
export const announced = signal(''); // read out by screen readers
export const geofences = signal<readonly Geofence[]>([]);
/** Of the log of events, which is read when the stream is there. */
export const log = signal<'loading' | 'loaded' | 'failed'>('loading');
export const placed = signal(false); // where all devices are was known once: what they do can be counted
export const catalogue = signal<'loading' | 'loaded' | 'failed'>('loading');

export const selected = signal<number | null>(null); // row of the table
export const chosenEvent = signal<number | null>(null); // whose evidence is open
export const chosenFence = signal<string | null>(null); // its id; a device or a geofence is selected, not both
/** Which events the feed tells of; '' asks for all. */
export interface FeedFilter {
  readonly kind: string;
  readonly device: string;
  readonly geofence: string;
}
export const ANY_EVENT: FeedFilter = { kind: '', device: '', geofence: '' };
export const feedFilter = signal(ANY_EVENT);
/** Ids of devices the map keeps in view; of those that are acted on together; of those whose way is drawn. */
export const followed = signal<ReadonlySet<string>>(new Set());
export const picked = signal<ReadonlySet<string>>(new Set());
export const trailed = signal<ReadonlySet<string>>(new Set());
/** Something is done with many devices: how far that is, and what became of it, wherever one looks meanwhile. */
export interface Running {
  readonly of: number;
  readonly answered: number;
}
export interface Refused {
  readonly id: string;
  readonly why: string;
}

export interface Done {
  readonly done: number;
  readonly refused: readonly Refused[];
}
export const running = signal<Running | null>(null);
export const outcome = signal<Done | null>(null);
export const choosing = signal(false); // a click on a device picks it, as on a phone, where nothing else could
export type Layer = 'geofences' | 'names';
export const LAYERS: readonly Layer[] = ['geofences', 'names'];
export const hidden = signal<ReadonlySet<Layer>>(new Set()); // layers of the map that are switched off
export const notice = signal(''); // one sentence over the map, until it is closed
export const query = signal('');
export const filter = signal<Filter>('all');
export const finding = signal<Finding>(EVERYTHING);
export const members = signal<ReadonlySet<string> | null>(null); // of the group that is asked for
export const groupsChanged = signal(0); // groups are to be read anew
export const pane = signal<Pane>('devices'); // on a wide screen the events have a place of their own
export const fenceQuery = signal('');
/** On a wall, where nobody presses anything: as the address says when the page is opened. */
export const kiosk = signal(false);
export const settingsShown = signal(false);
export const addingShown = signal(false);
export type Joining = 'gatherings' | 'sources';
export const joining = signal<Joining | null>(null); // by which way many devices come, while that is looked at
/** A device that is shown to others. `kept`: what was chosen before a place to hide was drawn. */
export interface Sharing {
  readonly id: string;
  readonly name: string;
  readonly kept?: ShareWish;
}
export const sharing = signal<Sharing | null>(null);
export const openAlert = signal<string | null>(null); // id of the subscription that is looked at
export const chartHours = signal(1);
export const editing = signal<string | null>(null); // id of the device that is changed
export type CardView = 'now' | 'talk' | 'charts' | 'health';
export const cardView = signal<CardView>('now');
export const accountShown = signal(false);
export const viewsShown = signal(false); // those one keeps
export const code = signal<Code | null>(null); // that a link brought: an invitation, or a new password
/** Where a person moved the map to; null as long as nobody did. */
export const camera = signal<Camera | null>(null);
export const looked = signal<{ readonly bounds: Viewport; readonly zoom: number } | null>(null); // what the map shows
export const mapMissing = signal(false);

export const geofenceNames = computed(() => new Map(geofences.value.map((fence) => [fence.id, fence.name])));
export const isAdmin = computed(() => me.value?.kind === 'admin' || me.value?.owner === true);
export const mayManage = computed(() => isAdmin.value || has('manager'));
/** The groups of who sees and makes things in groups alone, and may make them there. */
export const managed = computed<readonly string[]>(() =>
  isAdmin.value ? [] : (me.value?.groups ?? []).filter((each) => each.role === 'manager').map((each) => each.id),
);
/** Alerts of one's own are everybody's who is a person. */
export const seesAlerts = computed(() => mayManage.value || me.value?.person != null);
/** Writes to devices; the server has the last word on each. */
export const mayCommand = computed(() => mayManage.value || has('dispatcher'));

/** May show devices to others: who has a device of their own may, whatever they are in a group. */
export const mayShare = computed(() => me.value !== null && me.value.kind !== 'viewer');

function has(role: string): boolean {
  return me.value?.kind === role || me.value?.groups.some((each) => each.role === role) === true;
}
