/** How a device is, what was understood of its app, and what looks wrong with it. */
import { call, type Json, list, numberOrNull, object, textOrNull } from './call';

export interface Finding {
  readonly code: string;
  readonly since: number | null; // ms
  readonly text: string; // in the language that was asked for
}

export interface Refused {
  readonly reason: string;
  readonly count: number;
  readonly text: string; // the newest that came
}

export interface Gap {
  readonly since: number;
  readonly seconds: number;
}

export interface Hour {
  readonly begin: number;
  readonly fixes: number;
  readonly accuracy: number | null; // m
  readonly battery: number | null; // 0 to 1
}

export interface Health {
  readonly lastSeen: number | null;
  readonly lastFix: number | null;
  readonly app: string | null;
  readonly phone: string; // its make and system, as far as known
  readonly speedUnit: string | null;
  readonly speedRatio: number | null;
  readonly interval: number | null; // s
  readonly clockOffset: number | null; // s
  readonly stored: number;
  readonly repeated: number;
  readonly refusedCount: number;
  readonly refused: readonly Refused[];
  readonly gaps: readonly Gap[];
  readonly hours: readonly Hour[];
  readonly findings: readonly Finding[];
}

export async function fetchHealth(id: string, language: string): Promise<Health> {
  const found = await call('GET', `/api/devices/${encodeURIComponent(id)}/health?language=${language}`);
  const day = object(found['day']);
  return {
    lastSeen: moment(found['last_seen']),
    lastFix: moment(found['last_fix']),
    app: textOrNull(found['app']),
    phone: [found['make'], found['system']].filter((each) => typeof each === 'string').join(', '),
    speedUnit: textOrNull(found['speed']),
    speedRatio: numberOrNull(found['speed_ratio']),
    interval: numberOrNull(found['interval']),
    clockOffset: numberOrNull(found['clock_offset']),
    stored: Number(day['stored']),
    repeated: Number(day['duplicate']),
    refusedCount: Number(day['quarantined']),
    refused: list(found['refused']).map(decodeRefused),
    gaps: list(found['gaps']).map((each) => ({ since: moment(each['since']) ?? 0, seconds: Number(each['seconds']) })),
    hours: list(found['hours']).map(decodeHour),
    findings: list(found['findings']).map(decodeFinding),
  };
}

function decodeRefused(each: Json): Refused {
  return { reason: String(each['reason']), count: Number(each['count']), text: String(each['text']) };
}

function decodeHour(each: Json): Hour {
  return {
    begin: moment(each['begin']) ?? 0,
    fixes: Number(each['fixes']),
    accuracy: numberOrNull(each['accuracy']),
    battery: numberOrNull(each['battery']),
  };
}

function decodeFinding(each: Json): Finding {
  return { code: String(each['code']), since: moment(each['since']), text: String(each['text']) };
}

function moment(value: unknown): number | null {
  const text = textOrNull(value);
  return text === null ? null : Date.parse(text);
}
