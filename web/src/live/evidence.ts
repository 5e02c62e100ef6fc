/** Why an event was told, as the server says it: the fixes that decided, and the figures drawn from them. */

/** Times in ms, metres, m/s; null where not said. */
export interface Seen {
  readonly at: number;
  readonly lon: number | null;
  readonly lat: number | null;
  readonly accuracy: number | null;
  readonly speed: number | null;
  readonly distance: number | null; // to the border: positive inside, negative outside
}

export interface Crossing {
  readonly at: number;
  readonly plusMinus: number; // s
}

export interface Evidence {
  readonly preset: string | null;
  readonly revision: number | null;
  readonly fixes: readonly Seen[];
  readonly crossing: Crossing | null;
  readonly enter: Crossing | null; // of one that passed through
  readonly exit: Crossing | null;
  readonly inferred: boolean; // no fix lay inside
  readonly alreadyInside: boolean; // it was inside since before the geofence was in force
  readonly confirmedAfter: number | null; // s
  readonly dwell: number | null; // s
  readonly by: string | null; // clock, where no fix came
  readonly limit: number | null;
  readonly peak: number | null;
  readonly other: string | null; // the other device
  readonly distance: number | null;
  readonly silent: number | null; // s
  readonly until: number | null; // ms: by when it was expected
  readonly unknown: boolean; // it said nothing: nobody can say where it was
  readonly event: number | null; // the one that turned out false
  readonly type: string | null; // and its type
  readonly reason: string | null;
}

type Json = Record<string, unknown>;

export function decodeEvidence(value: unknown): Evidence {
  const it = object(value);
  const number = (name: string) => (typeof it[name] === 'number' ? it[name] : null);
  const text = (name: string) => (typeof it[name] === 'string' ? it[name] : null);
  return {
    preset: text('preset'),
    revision: number('revision'),
    fixes: Array.isArray(it['fixes']) ? it['fixes'].map(decodeSeen) : [],
    crossing: decodeCrossing(it['crossing']),
    enter: decodeCrossing(it['enter']),
    exit: decodeCrossing(it['exit']),
    inferred: it['inferred'] === true,
    alreadyInside: it['already_inside'] === true,
    confirmedAfter: number('confirmed_after_s'),
    dwell: number('dwell_s'),
    by: text('by'),
    limit: number('limit'),
    peak: number('peak'),
    other: text('other'),
    distance: number('distance'),
    silent: number('silent_s'),
    until: text('until') === null ? null : Date.parse(text('until')!),
    unknown: it['unknown'] === true,
    event: number('event'),
    type: text('type'),
    reason: text('reason'),
  };
}

function decodeSeen(value: unknown): Seen {
  const it = object(value);
  const number = (name: string) => (typeof it[name] === 'number' ? it[name] : null);
  return {
    at: Date.parse(String(it['at'])),
    lon: number('lon'),
    lat: number('lat'),
    accuracy: number('accuracy'),
    speed: number('speed'),
    distance: number('distance'),
  };
}

function decodeCrossing(value: unknown): Crossing | null {
  const it = object(value);
  const at = Date.parse(String(it['at']));
  return Number.isFinite(at) ? { at, plusMinus: Number(it['plus_minus_s'] ?? 0) } : null;
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
