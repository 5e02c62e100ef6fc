/** How exactly and how often a device says where it is: by the middle of what it said lately. */
import { fetchFixes } from '../api/devices';
import type { DeviceTable } from '../live/devices';
import { Status } from '../live/frames';

export interface Usual {
  readonly device: string | null; // its name; null: of all there are
  readonly accuracy: number; // m; NaN: it does not say
  readonly interval: number; // s
  readonly speed: number; // m/s, on the way
}

const HISTORY_MS = 3 * 3_600_000;
const INTERVAL_S = 10; // where nothing is known
const SPEED = 10; // m/s
const LEAST_SPEED = 0.5;
const LONGEST_S = 3_600; // a pause, not an interval

/** First by what is known of it here, then by its last hours; `row` null: of all devices. */
export async function* learnUsual(devices: DeviceTable, row: number | null): AsyncGenerator<Usual> {
  const rows = row === null ? Array.from({ length: devices.size }, (_, row) => row) : [row];
  const name = row === null ? null : (devices.name[row] ?? null);
  yield usualOf(devices, rows, name);
  if (row === null || name === null) return;
  const csv = await fetchFixes(devices.id[row]!, new Date(Date.now() - HISTORY_MS)).catch(() => '');
  const usual = usualOfTrack(csv, name);
  if (usual) yield usual;
}

/** Of the devices in the table: their newest fix and the one before it. */
export function usualOf(devices: DeviceTable, rows: readonly number[], device: string | null): Usual {
  const speeds = rows.filter((row) => devices.status[row] === Status.Moving).map((row) => devices.speed[row]!);
  return usual(
    device,
    rows.map((row) => devices.accuracy[row]!),
    rows.map((row) => (devices.at[row]! - devices.previousAt[row]!) / 1000),
    speeds,
  );
}

/** Of the CSV of a track: at,lon,lat,accuracy,altitude,speed and more. Null where it is too short to say. */
export function usualOfTrack(csv: string, device: string): Usual | null {
  const rows = csv
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','))
    .filter((row) => row.length >= 9);
  if (rows.length < 5) return null;
  const at = rows.map((row) => Date.parse(row[0]!) / 1000);
  const read = (text: string | undefined) => (text ? Number(text) : NaN);
  return usual(
    device,
    rows.map((row) => read(row[3])),
    at.slice(1).map((each, i) => each - at[i]!),
    rows.map((row) => read(row[5])),
  );
}

function usual(device: string | null, accuracies: number[], intervals: number[], speeds: number[]): Usual {
  const moving = speeds.filter((speed) => speed >= LEAST_SPEED);
  return {
    device,
    accuracy: middle(accuracies.filter((each) => each >= 0)) ?? NaN,
    interval: middle(intervals.filter((each) => each > 0 && each <= LONGEST_S)) ?? INTERVAL_S,
    speed: middle(moving) ?? SPEED,
  };
}

function middle(values: number[]): number | null {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? null;
}
