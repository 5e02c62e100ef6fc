/** What the live stream says, decoded once: everything behind decode.ts works with these and never with JSON. */
import type { Evidence } from './evidence';
import type { Message } from './threads';

export const Status = { Unknown: 0, Stopped: 1, Moving: 2 } as const;
export type Status = (typeof Status)[keyof typeof Status];

export interface DeviceName {
  readonly slot: number;
  readonly id: string;
  readonly name: string;
  readonly category: string | null;
  readonly dress: Partial<Dress>; // as far as it is said
}

/** How people tell a device from others. */
export interface Dress {
  readonly color: string | null;
  readonly icon: string | null;
  readonly photo: string | null; // which one, where it has one
}

/** Times in ms since 1970; place in 1e-7 degrees; SI units, NaN where unknown. */
export interface Position {
  readonly slot: number;
  readonly id: string;
  readonly name: string | null; // only said when it may be new
  readonly category: string | null;
  readonly at: number;
  readonly receivedAt: number;
  readonly lonE7: number;
  readonly latE7: number;
  readonly speed: number;
  readonly heading: number;
  readonly accuracy: number;
  readonly battery: number; // 0 to 1
  readonly status: Status;
  readonly geofences: readonly string[] | null; // null: not said
}

/** Binary positions: views into the frame, one array per column, no object per device. */
export interface Columns {
  readonly base: number; // ms
  readonly count: number;
  readonly slot: Uint32Array;
  readonly lonE7: Int32Array;
  readonly latE7: Int32Array;
  readonly dt: Int32Array; // ms from base
  readonly speed: Uint16Array; // cm/s, 65535 none
  readonly heading: Uint16Array; // 0.01 degree, 65535 none
  readonly status: Uint8Array;
  readonly battery: Uint8Array; // percent, 255 none
}

export interface TrackerEvent {
  readonly id: number;
  readonly type: string;
  readonly device: string;
  readonly geofence: string | null;
  readonly at: number; // ms
  readonly detectedAt: number; // ms
  readonly late: boolean;
  readonly lon: number;
  readonly lat: number;
  readonly evidence: Evidence;
}

/** How exactly a device is shown to all but its person; `until` in ms, null: until it is changed. */
export interface Privacy {
  readonly mode: 'exact' | 'vague' | 'paused';
  readonly until: number | null;
}

export interface DevicePrivacy extends Privacy {
  readonly id: string;
}

export interface Cell {
  readonly id: number; // within one answer to a subscription
  readonly lon: number;
  readonly lat: number;
  readonly count: number; // 0: nothing is in it any more
  readonly silent: number; // how many of them have said nothing for five minutes
  readonly status: Status; // the worst of theirs
}

export type Frame =
  | { readonly kind: 'subscribed'; epoch: string; resumed: boolean; event: number | null; serverTime: number }
  | { readonly kind: 'snapshot'; positions: Position[]; more: boolean } // more: positions behind it belong to it
  | { readonly kind: 'positions'; positions: Position[]; complete: boolean } // complete: the last of a snapshot
  | { readonly kind: 'columns'; columns: Columns }
  | { readonly kind: 'names'; devices: DeviceName[] }
  | { readonly kind: 'gone'; devices: string[] }
  | { readonly kind: 'privacy'; devices: DevicePrivacy[] }
  | { readonly kind: 'cells'; afresh: boolean; cells: Cell[] } // afresh: there are no others
  | { readonly kind: 'event'; event: TrackerEvent }
  | { readonly kind: 'message'; message: Message } // new, or in another state
  | { readonly kind: 'reset' }
  | { readonly kind: 'going_away'; afterMs: number }
  | { readonly kind: 'error'; code: string; message: string }
  | { readonly kind: 'other'; type: string }; // a newer server may say more; that is no error

export interface Viewport {
  readonly west: number;
  readonly south: number;
  readonly east: number; // less than west: across 180 degrees
  readonly north: number;
}

export interface Subscription {
  readonly viewport: Viewport;
  readonly zoom: number | null; // from how far one looks; null: whatever moves is told, however little it moves
  readonly devices: readonly string[] | null;
  readonly rate: number; // position messages a second
  readonly binary: boolean;
}
