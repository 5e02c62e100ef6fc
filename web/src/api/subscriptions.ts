/** Subscriptions and what became of their messages. */
import { call, type Json, list, numberOrNull, object, textOrNull } from './call';

/** `kind` is webhook, email, mqtt or webpush; a newer server may have more. */
export interface Channel {
  readonly kind: string;
  readonly url?: string;
  readonly template?: string; // of a webhook's body
  readonly to?: readonly string[];
  readonly topic?: string;
  readonly endpoint?: string;
  readonly keys?: Readonly<Record<string, string>>;
}

export interface Quiet {
  readonly from: string; // 22:00
  readonly to: string;
  readonly zone: string;
  readonly days: readonly string[] | null; // mon; null: all
  readonly then: 'hold' | 'drop';
}

/** Null: all of them. Seconds. */
export interface Subscription {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly reason: string | null; // why the server disabled it
  readonly types: readonly string[] | null;
  readonly geofences: readonly string[] | null;
  readonly devices: readonly string[] | null;
  readonly categories: readonly string[] | null;
  readonly quiet: Quiet | null;
  readonly cooldown: number;
  readonly group: number;
  readonly zone: string | null; // by whose clocks times are told in words
  readonly language: string | null; // in which they are written; null: that of the reader, or of who made it
  readonly channel: Channel;
  readonly personal: boolean; // one's own, seen by nobody else
  readonly secret: string | null; // only where it was just made
}

export interface Attempt {
  readonly number: number;
  readonly at: number; // ms
  readonly ms: number;
  readonly status: number | null; // null: no answer
  readonly error: string | null; // null: delivered
}

export interface Delivery {
  readonly id: number;
  readonly type: string;
  readonly count: number; // events in it
  readonly device: string | null;
  readonly geofence: string | null;
  readonly state: string; // waiting, sent, dead, skipped
  readonly reason: string | null;
  readonly attempts: readonly Attempt[];
  readonly due: number | null; // ms
  readonly createdAt: number; // ms
}

const ROOT = '/api/subscriptions';

export async function fetchSubscriptions(): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `${ROOT}?after=${encodeURIComponent(after)}`);
    found.push(...list(page['subscriptions']).map(decodeSubscription));
    after = textOrNull(page['next']);
  }
  return found;
}

export async function createSubscription(wish: object): Promise<Subscription> {
  return decodeSubscription(await call('POST', ROOT, wish));
}

export async function changeSubscription(id: string, change: object): Promise<Subscription> {
  return decodeSubscription(await call('PATCH', at(id), change));
}

export async function deleteSubscription(id: string): Promise<void> {
  await call('DELETE', at(id));
}

export async function newSecret(id: string): Promise<Subscription> {
  return decodeSubscription(await call('POST', `${at(id)}/secret`));
}

export async function sendTest(id: string): Promise<void> {
  await call('POST', `${at(id)}/test`);
}

/** The newest first. */
export async function fetchDeliveries(id: string, limit: number): Promise<Delivery[]> {
  const { deliveries } = await call('GET', `${at(id)}/deliveries?limit=${limit}`);
  return list(deliveries).map(decodeDelivery);
}

export async function sendAgain(id: string, delivery: number): Promise<void> {
  await call('POST', `${at(id)}/deliveries/${delivery}/replay`);
}

/** What the server signs push messages with, as browsers want it. */
export async function fetchPushKey(): Promise<string> {
  return String((await call('GET', '/api/push/key'))['key']);
}

function at(id: string): string {
  return `${ROOT}/${encodeURIComponent(id)}`;
}

export function decodeSubscription(it: Json): Subscription {
  return {
    id: String(it['id']),
    name: String(it['name'] ?? ''),
    enabled: it['enabled'] !== false,
    reason: textOrNull(it['reason']),
    types: texts(it['types']),
    geofences: texts(it['geofences']),
    devices: texts(it['devices']),
    categories: texts(it['categories']),
    quiet: it['quiet'] ? (object(it['quiet']) as unknown as Quiet) : null,
    cooldown: numberOrNull(it['cooldown']) ?? 0,
    group: numberOrNull(it['group']) ?? 0,
    zone: textOrNull(it['zone']),
    language: textOrNull(it['language']),
    channel: object(it['channel']) as unknown as Channel,
    personal: it['personal'] === true,
    secret: textOrNull(it['secret']),
  };
}

function decodeDelivery(it: Json): Delivery {
  return {
    id: Number(it['id']),
    type: String(it['type']),
    count: Number(it['count']),
    device: textOrNull(it['device']),
    geofence: textOrNull(it['geofence']),
    state: String(it['state']),
    reason: textOrNull(it['reason']),
    due: it['due'] ? Date.parse(String(it['due'])) : null,
    createdAt: Date.parse(String(it['created_at'])),
    attempts: list(it['attempts']).map((each) => ({
      number: Number(each['number']),
      at: Date.parse(String(each['at'])),
      ms: Number(each['ms']),
      status: numberOrNull(each['status']),
      error: textOrNull(each['error']),
    })),
  };
}

function texts(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.map(String) : null;
}
