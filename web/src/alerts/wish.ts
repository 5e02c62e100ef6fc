/** A subscription as a person is writing it, as it is sent, and as it is said in a sentence. */
import type { Json } from '../api/call';
import type { Channel, Quiet, Subscription } from '../api/subscriptions';
import { words } from '../words';

export const CHANNELS: readonly string[] = ['webhook', 'email', 'webpush', 'mqtt'];
export const TYPES: readonly string[] = [
  'enter',
  'exit',
  'cross',
  'dwell',
  'speeding',
  'offline',
  'online',
  'near',
  'apart',
  'battery_low',
  'frozen',
  'silent',
  'moving',
  'stopped',
  'moved',
  'sos',
  'absent',
  'retraction',
];
export const DAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Seconds: what people read comes as one message where much happens at once. */
const DIGEST = '60';

export interface WishDraft {
  readonly id: string | null; // null: it is new
  readonly personal: boolean; // one's own: to one's own address or browser
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly template: string; // of a webhook's body; none: a signed CloudEvent
  readonly to: string; // addresses, one a line or with commas
  readonly topic: string;
  readonly endpoint: Channel | null; // of a push channel there is already
  readonly types: readonly string[]; // none: all
  readonly geofences: readonly string[];
  readonly devices: readonly string[];
  readonly categories: readonly string[];
  readonly quiet: Quiet | null;
  readonly cooldown: string; // minutes
  readonly group: string; // s
  readonly zone: string; // of whoever reads it
  readonly language: string; // none: that of the reader, or of who made it
}

export function newWish(personal = false): WishDraft {
  return {
    id: null,
    personal,
    name: '',
    kind: personal ? 'email' : 'webhook',
    url: '',
    template: '',
    to: '',
    topic: '',
    endpoint: null,
    types: ['enter', 'exit'],
    geofences: [],
    devices: [],
    categories: [],
    quiet: null,
    cooldown: '',
    group: personal ? DIGEST : '',
    zone: ownZone(),
    language: '',
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
    template: channel.template ?? '',
    to: (channel.to ?? []).join('\n'),
    topic: channel.topic ?? '',
    endpoint: channel.kind === 'webpush' ? channel : null,
    types: subscription.types ?? [],
    geofences: subscription.geofences ?? [],
    devices: subscription.devices ?? [],
    categories: subscription.categories ?? [],
    quiet: subscription.quiet,
    cooldown: cooldown ? String(Math.round((cooldown / 60) * 1e4) / 1e4) : '',
    group: group ? String(group) : '',
    zone: subscription.zone ?? ownZone(),
    language: subscription.language ?? '',
  };
}

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function usualQuiet(): Quiet {
  return {
    from: '22:00',
    to: '07:00',
    zone: ownZone(),
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
    categories: draft.categories,
    quiet: draft.quiet ?? false,
    cooldown: Math.round(seconds(draft.cooldown) * 60),
    group: Math.round(seconds(draft.group)),
    zone: draft.zone,
    language: draft.language,
  };
  return draft.id === null && draft.personal ? { ...body, personal: true } : body;
}

/** The channel is another: people get a digest, unless somebody has said otherwise. */
export function changeKind(draft: WishDraft, kind: string, personal = draft.personal): Partial<WishDraft> {
  const isForPeople = kind === 'email' || kind === 'webpush';
  const isAsked = draft.id !== null || (draft.group !== '' && draft.group !== DIGEST);
  return { kind, personal, group: isAsked ? draft.group : isForPeople ? DIGEST : '' };
}

/** What is said of a subscription in its sentence. Null, and no filter at all: all of them. */
export interface Rule {
  readonly types: readonly string[] | null;
  readonly geofences: readonly string[] | null;
  readonly devices: readonly string[] | null;
  readonly categories: readonly string[] | null;
  readonly quiet: Quiet | null;
  readonly channel: Channel;
}

/** What of it can be said as a sentence while it is being written. */
export function ruleOf(draft: WishDraft): Rule {
  return { ...draft, channel: channelOf(draft) ?? { kind: draft.kind } };
}

/** Null for a browser's: that one has to be asked. */
export function channelOf(draft: WishDraft): Channel | null {
  if (draft.kind === 'webhook') {
    const url = draft.url.trim();
    return draft.template.trim() ? { kind: 'webhook', url, template: draft.template } : { kind: 'webhook', url };
  }
  if (draft.kind === 'email' && draft.personal) return { kind: 'email' }; // the server knows the account's address
  if (draft.kind === 'email') return { kind: 'email', to: draft.to.split(/[\s,;]+/).filter(Boolean) };
  if (draft.kind === 'mqtt') return { kind: 'mqtt', topic: draft.topic.trim() };
  return draft.endpoint;
}

/** Whether it is for people, and others than the one who writes it: one's own is in the language of one's account. */
export function mayChooseLanguage({ kind, personal, template }: WishDraft): boolean {
  return !personal && (kind === 'email' || kind === 'webpush' || (kind === 'webhook' && template !== ''));
}

/** What can be said without asking the server, by field. */
export function wishFaults(draft: WishDraft): Readonly<Record<string, string>> {
  const faults: Record<string, string> = {};
  const { app, alerts } = words.value;
  const { urlMissing, toMissing, topicMissing } = alerts.form;
  for (const field of ['cooldown', 'group'] as const)
    if (Number.isNaN(seconds(draft[field]))) faults[field] = app.notANumber;
  if (draft.kind === 'webhook' && !draft.url.trim()) faults['url'] = urlMissing;
  if (draft.kind === 'email' && !draft.personal && !draft.to.trim()) faults['to'] = toMissing;
  if (draft.kind === 'mqtt' && !draft.topic.trim()) faults['topic'] = topicMissing;
  return faults;
}

/** The server's `channel.url` and its sentence, at the field a person knows it by. */
export function wishFaultAt(field: string | null, message: string): Readonly<Record<string, string>> {
  const [first = '', second = ''] = (field ?? '').split(/[.[]/);
  const shown = first === 'channel' ? second || 'kind' : first;
  const known = [
    'name',
    'url',
    'template',
    'to',
    'topic',
    'kind',
    'quiet',
    'cooldown',
    'group',
    'types',
    'geofences',
    'devices',
    'categories',
  ].includes(shown);
  return {
    [known ? shown : 'form']: known && message.startsWith(`${field}: `) ? message.slice(field!.length + 2) : message,
  };
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
      return words.value.alerts.browserBy(host(channel.endpoint ?? ''));
    default:
      return channel.kind;
  }
}

export function channelName(kind: string): string {
  return words.value.alerts.channels[kind] ?? kind;
}

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : words.value.alerts.pushService;
}

/** NaN where it is no number; nothing is 0. */
function seconds(typed: string): number {
  return typed.trim() === '' ? 0 : Number(typed.trim().replace(',', '.'));
}
