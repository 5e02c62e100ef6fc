/**
 * What the panels watch. No position is in here: they read the device table when `tick` says that it has changed,
 * a few times a second at most.
 */
import { computed, signal } from '@preact/signals';
import type { Config, Geofence, Me } from './api';
import type { Health } from './live/feed';
import type { TrackerEvent } from './live/frames';
import type { Link } from './live/socket';

export type Door = { readonly state: 'asking' | 'open' } | { readonly state: 'closed'; readonly why: string | null };
export type Filter = 'all' | 'moving' | 'stopped' | 'silent';

export const door = signal<Door>({ state: 'asking' });
export const me = signal<Me | null>(null);
export const config = signal<Config>({ mapStyle: null, version: '' });

export const tick = signal(0); // the table has changed
export const second = signal(0); // a second has passed: ages have changed
export const health = signal<Health>('connecting');
export const link = signal<Link>({ state: 'idle' });
export const events = signal<readonly TrackerEvent[]>([]);
export const geofences = signal<readonly Geofence[]>([]);
export const catalogue = signal<'loading' | 'loaded' | 'failed'>('loading');

export const selected = signal<number | null>(null); // row of the table
export const following = signal(false);
export const query = signal('');
export const filter = signal<Filter>('all');
export const pane = signal<'devices' | 'events'>('devices'); // on a phone, one at a time
export const helpShown = signal(false);
export const mapMissing = signal(false);

export const geofenceNames = computed(() => new Map(geofences.value.map((fence) => [fence.id, fence.name])));
