/** Events in plain words. Names are strong, the rest is not. */
import type { TrackerEvent } from '../live/frames';
import { kmh, span } from './format';

export type Part = string | { readonly name: string };

export interface Names {
  device(id: string): string;
  geofence(id: string): string;
}

const DENIED: Record<string, string> = {
  enter: 'did not enter',
  exit: 'did not leave',
  cross: 'did not pass through',
  dwell: 'did not stay in',
  speeding: 'was not too fast in',
};

export function sentence(event: TrackerEvent, names: Names): readonly Part[] {
  const { type, evidence } = event;
  const who = { name: names.device(event.device) };
  const where = event.geofence === null ? [] : [{ name: names.geofence(event.geofence) }];
  const other = evidence.other === null ? 'another device' : { name: names.device(evidence.other) };
  switch (type) {
    case 'enter':
      return [who, 'entered', ...where];
    case 'exit':
      return [who, 'left', ...where];
    case 'cross':
      return [who, 'passed through', ...where];
    case 'dwell':
      return [who, 'stayed in', ...where, ...(evidence.dwell === null ? [] : [`for ${span(evidence.dwell)}`])];
    case 'speeding':
      return [who, 'was too fast in', ...where, ...speeds(event)];
    case 'offline':
      return [who, 'went offline'];
    case 'online':
      return [who, 'is back online'];
    case 'near':
      return [who, 'came near', other];
    case 'apart':
      return [who, 'and', other, 'are apart again'];
    case 'retraction':
      return [
        who,
        DENIED[evidence.type ?? ''] ?? 'was told of wrongly:',
        ...(DENIED[evidence.type ?? ''] ? where : [evidence.type ?? 'an event']),
        'after all',
      ];
    default:
      return [who, type, ...where];
  }
}

function speeds({ evidence }: TrackerEvent): string[] {
  if (evidence.peak === null) return [];
  return [
    evidence.limit === null
      ? `at ${kmh(evidence.peak)} km/h`
      : `at ${kmh(evidence.peak)}, ${kmh(evidence.limit)} km/h allowed`,
  ];
}

export function plain(parts: readonly Part[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.name)).join(' ');
}

/** `12 m inside`, `3 m outside`. */
export function toBorder(distance: number): string {
  const metres = Math.abs(distance);
  const shown = metres < 10 ? Math.round(10 * metres) / 10 : Math.round(metres);
  return `${shown} m ${distance < 0 ? 'outside' : 'inside'}`;
}

/** The numbers of those that a later event took back. */
export function retracted(events: readonly TrackerEvent[]): ReadonlySet<number> {
  return new Set(
    events.flatMap((event) =>
      event.type === 'retraction' && event.evidence.event !== null ? [event.evidence.event] : [],
    ),
  );
}
