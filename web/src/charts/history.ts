/** The fixes of a device as columns, for charts. */

export interface History {
  readonly at: readonly number[]; // ms
  readonly lon: readonly number[];
  readonly lat: readonly number[];
  readonly speed: readonly (number | null)[]; // m/s
  readonly altitude: readonly (number | null)[]; // m
  readonly battery: readonly (number | null)[]; // 0 to 1
}

export type Column = 'speed' | 'altitude' | 'battery';

const MOST = 4_000; // more than these are no more to see on a card, and slow to draw
const OFF_THE_LINE = /null_island|low_accuracy|impossible_jump/;

/** From the CSV of a track: at,lon,lat,accuracy,altitude,speed,heading,battery,received_at,flags. Of many every n-th. */
export function readHistory(csv: string): History {
  const rows = csv
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','))
    .filter((row) => row.length >= 9 && !OFF_THE_LINE.test(row[9] ?? ''));
  const step = Math.max(1, Math.ceil(rows.length / MOST));
  const kept = rows.filter((_, i) => i % step === 0 || i === rows.length - 1);
  const column = (index: number) => kept.map((row) => (row[index] ? Number(row[index]) : null));
  return {
    at: kept.map((row) => Date.parse(row[0]!)),
    lon: kept.map((row) => Number(row[1])),
    lat: kept.map((row) => Number(row[2])),
    altitude: column(4),
    speed: column(5),
    battery: column(7),
  };
}
