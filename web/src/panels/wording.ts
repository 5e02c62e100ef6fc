/** Events in plain words. Names are strong, the rest is not. */
import type { TrackerEvent } from '../live/frames';
import { words } from '../words';
import { dayTime, length, span, speed } from './format';

export type Part = string | { readonly name: string };

export interface Names {
  device(id: string): string;
  geofence(id: string): string;
}

export function sentence(event: TrackerEvent, names: Names): readonly Part[] {
  const { evidence } = event;
  const said = words.value.sentence;
  return fill(pattern(event), {
    who: { name: names.device(event.device) },
    where: event.geofence === null ? '' : { name: names.geofence(event.geofence) },
    other: evidence.other === null ? said.another : { name: names.device(evidence.other) },
    span: evidence.dwell === null ? '' : span(evidence.dwell),
    speed: evidence.peak === null ? '' : speed(evidence.peak),
    limit: evidence.limit === null ? '' : speed(evidence.limit),
    by: evidence.until === null ? '' : dayTime(evidence.until),
    type: event.type === 'retraction' ? (evidence.type ?? said.anEvent) : event.type,
  });
}

function pattern({ type, evidence }: TrackerEvent): string {
  const said = words.value.sentence;
  switch (type) {
    case 'dwell':
      return evidence.dwell === null ? said.dwell : said.dwellFor;
    case 'speeding':
      return evidence.peak === null ? said.speeding : evidence.limit === null ? said.speedingAt : said.speedingOf;
    case 'absent':
      return evidence.unknown ? said.absentUnknown : evidence.until === null ? said.absent : said.absentBy;
    case 'retraction':
      return said.denied[evidence.type ?? ''] ?? said.toldWrongly;
    case 'enter':
    case 'exit':
    case 'cross':
    case 'offline':
    case 'online':
    case 'near':
    case 'apart':
    case 'battery_low':
    case 'frozen':
    case 'silent':
    case 'moving':
    case 'stopped':
    case 'moved':
    case 'sos':
      return said[type];
    default:
      return '{who} {type} {where}'; // a newer server's
  }
}

/** Languages put their verbs where they will: a pattern has places, and what goes there keeps its kind. */
function fill(text: string, values: Readonly<Record<string, Part>>): readonly Part[] {
  return text
    .split(/(\{\w+\})/)
    .map((piece) => (piece.startsWith('{') ? values[piece.slice(1, -1)]! : piece))
    .filter((part) => typeof part !== 'string' || part !== '');
}

export function plain(parts: readonly Part[]): string {
  return parts
    .map((part) => (typeof part === 'string' ? part : part.name))
    .join('')
    .trim();
}

/** `12 m inside`, `3 m outside`. */
export function toBorder(metres: number): string {
  const { inside, outside } = words.value.sentence;
  return (metres < 0 ? outside : inside)(length(Math.abs(metres)));
}

/** The numbers of those that a later event took back. */
export function retracted(events: readonly TrackerEvent[]): ReadonlySet<number> {
  return new Set(
    events.flatMap((event) =>
      event.type === 'retraction' && event.evidence.event !== null ? [event.evidence.event] : [],
    ),
  );
}
