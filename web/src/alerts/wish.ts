/** A subscription as a person is writing it, as it is sent, and as it is said in a sentence. */
import type { Json } from '../api/call';
import type { Channel, Quiet, Subscription } from '../api/subscriptions';

export const CHANNELS = [
  ['webhook', 'Webhook', 'A signed HTTP POST to a server of yours.'],
  ['email', 'E-mail', 'In words, to people.'],
  ['webpush', 'This browser', 'A notification, also while this page is closed.'],
  ['mqtt', 'MQTT', 'To a topic of the broker the server knows.'],
] as const;
export const TYPES = [
  ['enter', 'Enters'],
  ['exit', 'Leaves'],
  ['cross', 'Passes through'],
  ['dwell', 'Stays'],
  ['speeding', 'Is too fast'],
  ['offline', 'Goes offline'],
  ['online', 'Is back online'],
  ['near', 'Two are near'],
  ['apart', 'Two are apart'],
  ['sos', 'Calls for help'],
  ['retraction', 'A correction'],
] as const;
export const DAYS = [
  ['mon', 'Mon'],
  ['tue', 'Tue'],
  ['wed', 'Wed'],
  ['thu', 'Thu'],
  ['fri', 'Fri'],
  ['sat', 'Sat'],
  ['sun', 'Sun'],
] as const;

export interface WishDraft {
  readonly id: string | null; // null: it is new
  readonly personal: boolean; // one's own: to one's own address or browser
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly to: string; // addresses, one a line or with commas
  readonly topic: string;
  readonly endpoint: Channel | null; // of a push channel there is already
  readonly types: readonly string[]; // none: all
  readonly geofences: readonly string[];
  readonly devices: readonly string[];
  readonly quiet: Quiet | null;
  readonly cooldown: string; // minutes
  readonly group: string; // s
}

export function newWish(personal = false): WishDraft {
  return {
    id: null,
    personal,
    name: '',
    kind: personal ? 'email' : 'webhook',
    url: '',
    to: '',
    topic: '',
    endpoint: null,
    types: ['enter', 'exit'],
    geofences: [],
    devices: [],
    quiet: null,
    cooldown: '',
    group: '',
  };
}

export function wishOf(subscription: Subscription): WishDraft {
  const { channel, cooldown, group } = subscription;
  return {
    id: subscription.id,
    personal: subscription.personal,
    name: subscription.name,
    kind: channel.kind,
    url: channel.url ?? '',
    to: (channel.to ?? []).join('\n'),
    topic: channel.topic ?? '',
    endpoint: channel.kind === 'webpush' ? channel : null,
    types: subscription.types ?? [],
    geofences: subscription.geofences ?? [],
    devices: subscription.devices ?? [],
    quiet: subscription.quiet,
    cooldown: cooldown ? String(Math.round((cooldown / 60) * 1e4) / 1e4) : '',
    group: group ? String(group) : '',
  };
}

export function usualQuiet(): Quiet {
  return {
    from: '22:00',
    to: '07:00',
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    days: null,
    then: 'hold',
  };
}

/** As it is sent; the channel apart, since a browser has to be asked for its own. */
export function wishBody(draft: WishDraft): Json {
  const body: Json = {
    name: draft.name.trim(),
    types: draft.types,
    geofences: draft.geofences,
    devices: draft.devices,
    quiet: draft.quiet ?? false,
    cooldown: Math.round(seconds(draft.cooldown) * 60),
    group: Math.round(seconds(draft.group)),
  };
  return draft.id === null && draft.personal ? { ...body, personal: true } : body;
}

/** Null for a browser's: that one has to be asked. */
export function channelOf(draft: WishDraft): Channel | null {
  if (draft.kind === 'webhook') return { kind: 'webhook', url: draft.url.trim() };
  if (draft.kind === 'email' && draft.personal) return { kind: 'email' }; // the server knows the account's address
  if (draft.kind === 'email') return { kind: 'email', to: draft.to.split(/[\s,;]+/).filter(Boolean) };
  if (draft.kind === 'mqtt') return { kind: 'mqtt', topic: draft.topic.trim() };
  return draft.endpoint;
}

/** What can be said without asking the server, by field. */
export function wishFaults(draft: WishDraft): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  for (const field of ['cooldown', 'group'] as const)
    if (Number.isNaN(seconds(draft[field]))) faults[field] = 'This is not a number.';
  if (draft.kind === 'webhook' && !draft.url.trim()) faults['url'] = 'Where is it to be sent?';
  if (draft.kind === 'email' && !draft.personal && !draft.to.trim()) faults['to'] = 'To whom is it to be sent?';
  if (draft.kind === 'mqtt' && !draft.topic.trim()) faults['topic'] = 'To which topic is it to be sent?';
  return faults;
}

/** The server's `channel.url` and its sentence, at the field a person knows it by. */
export function wishFaultAt(field: string | null, message: string): Readonly<Record<string, string>> {
  const [first = '', second = ''] = (field ?? '').split(/[.[]/);
  const shown = first === 'channel' ? second || 'kind' : first;
  const known = [
    'name',
    'url',
    'to',
    'topic',
    'kind',
    'quiet',
    'cooldown',
    'group',
    'types',
    'geofences',
    'devices',
  ].includes(shown);
  return {
    [known ? shown : 'form']: known && message.startsWith(`${field}: `) ? message.slice(field!.length + 2) : message,
  };
}

/** `enters or leaves Old Port; quiet 22:00 to 07:00`. */
export function told(subscription: Subscription, fences: ReadonlyMap<string, string>): string {
  const { types, geofences, devices, categories, quiet } = subscription;
  const what =
    types === null ? 'Everything' : types.map((type) => TYPES.find(([id]) => id === type)?.[1] ?? type).join(', ');
  const parts = [
    geofences &&
      few(
        geofences.map((id) => `\u2068${fences.get(id) ?? id}\u2069`),
        'geofences',
      ),
    devices && few(devices, 'devices'),
    categories?.join(', '),
  ];
  if (quiet) parts.push(`quiet ${quiet.from} to ${quiet.to}`);
  return [what, ...parts.filter(Boolean)].join(' · ');
}

export function where(channel: Channel): string {
  switch (channel.kind) {
    case 'webhook':
      return channel.url ?? '';
    case 'email':
      return (channel.to ?? []).join(', ');
    case 'mqtt':
      return channel.topic ?? '';
    case 'webpush':
      return `a browser, by ${host(channel.endpoint ?? '')}`;
    default:
      return channel.kind;
  }
}

export function channelName(kind: string): string {
  return kind === 'webpush' ? 'Browser' : (CHANNELS.find(([id]) => id === kind)?.[1] ?? kind);
}

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'its push service';
}

function few(names: readonly string[], what: string): string {
  return names.length <= 2 ? names.join(', ') : `${names.length} ${what}`;
}

/** NaN where it is no number; nothing is 0. */
function seconds(typed: string): number {
  return typed.trim() === '' ? 0 : Number(typed.trim().replace(',', '.'));
}
