/** Bytes and text become frames here and nowhere else. */
import { decodeEvidence } from './evidence';
import {
  type Cell,
  type Columns,
  type DeviceName,
  type DevicePrivacy,
  type Frame,
  type Position,
  Status,
  type TrackerEvent,
} from './frames';
import type { Message } from './threads';

const STATUS: Record<string, Status> = { stopped: Status.Stopped, moving: Status.Moving };
const POSITIONS = 2; // the first byte of binary positions
const CELLS = 3; // and that of binary cells
const HEADER = 16; // u8 kind, u8 flags, u16 0, u32 count, i64 base

export class BadFrame extends Error {}

export function decode(data: string | ArrayBuffer): Frame {
  if (typeof data === 'string') return decodeText(data);
  return isCells(data) ? decodeCells(data) : { kind: 'columns', columns: decodeColumns(data) };
}

function isCells(data: ArrayBuffer): boolean {
  return data.byteLength >= HEADER && new DataView(data).getUint8(0) === CELLS;
}

/** Those that became otherwise, or all where the first bit of the second byte is set. */
function decodeCells(data: ArrayBuffer): Frame {
  const header = new DataView(data);
  const count = header.getUint32(4, true);
  const expected = HEADER + 20 * count + padded(count);
  if (data.byteLength !== expected) throw new BadFrame(`${count} cells need ${expected} bytes, not ${data.byteLength}`);
  const column = (at: number) => new Int32Array(data, HEADER + 4 * count * at, count);
  const [id, lon, lat, amount, silent] = [column(0), column(1), column(2), column(3), column(4)];
  const status = new Uint8Array(data, HEADER + 20 * count, count);
  const cells = Array.from(id, (id, i) => ({
    id,
    lon: lon[i]! / 1e7,
    lat: lat[i]! / 1e7,
    count: amount[i]!,
    silent: silent[i]!,
    status: status[i] as Status,
  }));
  return { kind: 'cells', afresh: (header.getUint8(1) & 1) === 1, cells };
}

/** The columns are little-endian and each starts on 4 bytes, so the arrays are views and nothing is copied. */
export function decodeColumns(data: ArrayBuffer): Columns {
  if (data.byteLength < HEADER) throw new BadFrame(`${data.byteLength} bytes are no frame`);
  const header = new DataView(data);
  if (header.getUint8(0) !== POSITIONS) throw new BadFrame(`kind ${header.getUint8(0)} is unknown`);
  const count = header.getUint32(4, true);
  const wide = 4 * count;
  const half = padded(2 * count);
  const byte = padded(count);
  const expected = HEADER + 4 * wide + 2 * half + 2 * byte;
  if (data.byteLength !== expected)
    throw new BadFrame(`${count} positions need ${expected} bytes, not ${data.byteLength}`);
  let next = HEADER;
  const take = (size: number) => (next += size) - size;
  return {
    base: Number(header.getBigInt64(8, true)),
    count,
    slot: new Uint32Array(data, take(wide), count),
    lonE7: new Int32Array(data, take(wide), count),
    latE7: new Int32Array(data, take(wide), count),
    dt: new Int32Array(data, take(wide), count),
    speed: new Uint16Array(data, take(half), count),
    heading: new Uint16Array(data, take(half), count),
    status: new Uint8Array(data, take(byte), count),
    battery: new Uint8Array(data, take(byte), count),
  };
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

type Json = Record<string, unknown>;

function decodePositions(message: Json): Position[] {
  return asList(message['positions'], 'positions').map(decodePosition);
}

function decodeText(text: string): Frame {
  const message = asObject(parse(text), 'message');
  const type = String(message['type']);
  switch (type) {
    case 'subscribed':
      return {
        kind: 'subscribed',
        epoch: String(message['epoch']),
        resumed: message['resumed'] === true,
        event: typeof message['event'] === 'number' ? message['event'] : null,
        serverTime: Date.parse(String(message['server_time'])),
      };
    case 'snapshot':
      return { kind: type, positions: decodePositions(message), more: message['more'] === true };
    case 'positions':
      return { kind: type, positions: decodePositions(message), complete: message['complete'] === true };
    case 'names':
      return { kind: 'names', devices: asList(message['devices'], 'devices').map(decodeName) };
    case 'gone':
      return { kind: 'gone', devices: asList(message['devices'], 'devices').map(String) };
    case 'privacy':
      return { kind: 'privacy', devices: asList(message['devices'], 'devices').map(decodePrivacy) };
    case 'cells':
      return { kind: 'cells', afresh: true, cells: asList(message['cells'], 'cells').map(decodeCell) };
    case 'event':
      return { kind: 'event', event: decodeEvent(message['event']) };
    case 'message':
      return { kind: 'message', message: decodeMessage(message['message']) };
    case 'reset':
      return { kind: 'reset' };
    case 'going_away':
      return { kind: 'going_away', afterMs: numberOr(message['after_ms'], 0) };
    case 'error':
      return { kind: 'error', code: String(message['code']), message: String(message['message']) };
    default:
      return { kind: 'other', type };
  }
}

function decodePosition(value: unknown): Position {
  const it = asObject(value, 'position');
  const at = Date.parse(String(it['at']));
  const lon = it['lon'];
  const lat = it['lat'];
  if (!Number.isFinite(at) || typeof lon !== 'number' || typeof lat !== 'number')
    throw new BadFrame('a position without time or place');
  return {
    ...decodeDevice(it),
    name: textOrNull(it['name']),
    at,
    receivedAt: it['received_at'] ? Date.parse(String(it['received_at'])) : NaN,
    lonE7: Math.round(lon * 1e7),
    latE7: Math.round(lat * 1e7),
    speed: numberOr(it['speed'], NaN),
    heading: numberOr(it['heading'], NaN),
    accuracy: numberOr(it['accuracy'], NaN),
    battery: numberOr(it['battery'], NaN),
    status: STATUS[String(it['status'])] ?? Status.Unknown,
    geofences: Array.isArray(it['geofences']) ? it['geofences'].map(String) : null,
  };
}

function decodeDevice(it: Json): { slot: number; id: string; category: string | null } {
  if (typeof it['slot'] !== 'number' || typeof it['device'] !== 'string')
    throw new BadFrame('a device without slot or id');
  return { slot: it['slot'], id: it['device'], category: textOrNull(it['category']) };
}

function decodeName(value: unknown): DeviceName {
  const it = asObject(value, 'device');
  const device = decodeDevice(it);
  const said = (['color', 'icon', 'photo'] as const).filter((key) => key in it);
  const dress = Object.fromEntries(said.map((key) => [key, textOrNull(it[key])]));
  return { ...device, name: textOrNull(it['name']) ?? device.id, dress };
}

function decodePrivacy(value: unknown): DevicePrivacy {
  const it = asObject(value, 'device');
  const mode = it['mode'] === 'vague' || it['mode'] === 'paused' ? it['mode'] : 'exact';
  return { id: String(it['device']), mode, until: it['until'] ? Date.parse(String(it['until'])) : null };
}

function decodeCell(value: unknown, id: number): Cell {
  const it = asObject(value, 'cell');
  const { lon, lat, count } = { lon: Number(it['lon']), lat: Number(it['lat']), count: Number(it['count']) };
  return {
    id,
    lon,
    lat,
    count,
    silent: numberOr(it['silent'], 0),
    status: STATUS[String(it['status'])] ?? Status.Unknown,
  };
}

/** Also used for the events of `GET /api/events`, which have the same shape. */
export function decodeEvent(value: unknown): TrackerEvent {
  const it = asObject(value, 'event');
  if (typeof it['id'] !== 'number') throw new BadFrame('an event without a number');
  const at = Date.parse(String(it['at']));
  return {
    id: it['id'],
    type: String(it['type']),
    device: String(it['device']),
    geofence: textOrNull(it['geofence']),
    at,
    detectedAt: it['detected_at'] ? Date.parse(String(it['detected_at'])) : at,
    late: it['late'] === true,
    lon: numberOr(it['lon'], NaN),
    lat: numberOr(it['lat'], NaN),
    evidence: decodeEvidence(it['evidence']),
  };
}

/** Also used for `GET /api/devices/{id}/messages`, whose lines have the same shape. */
export function decodeMessage(value: unknown): Message {
  const it = asObject(value, 'message');
  if (typeof it['number'] !== 'number') throw new BadFrame('a message without a number');
  return {
    number: it['number'],
    device: String(it['device']),
    direction: it['direction'] === 'up' ? 'up' : 'down',
    id: String(it['id']),
    text: String(it['text'] ?? ''),
    at: Date.parse(String(it['at'])),
    state: String(it['state']),
    alarm: textOrNull(it['alarm']),
    event: typeof it['event'] === 'number' ? it['event'] : null,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFrame('not JSON');
  }
}

function asObject(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadFrame(`${what}: expected an object`);
  return value as Json;
}

function asList(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new BadFrame(`${what}: expected a list`);
  return value;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
