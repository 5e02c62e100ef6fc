/** Which devices are listed, and in which order: what people asked for, kept apart from how it is shown. */
import type { DeviceTable } from './live/devices';

export const ORDERS = ['name', 'newest', 'oldest', 'speed'] as const;
export type Order = (typeof ORDERS)[number];

/** Null or 0: not asked for. */
export interface Finding {
  readonly order: Order;
  readonly category: string | null;
  readonly inside: string | null; // id of a geofence
  readonly group: string | null;
  readonly silent: number; // s at least
  readonly faster: number; // m/s at least
  readonly below: number; // battery, percent
}

export const EVERYTHING: Finding = {
  order: 'name',
  category: null,
  inside: null,
  group: null,
  silent: 0,
  faster: 0,
  below: 0,
};

/** How many of the filters are in use; the order is none. */
export function countFilters({ category, inside, group, silent, faster, below }: Finding): number {
  return [category, inside, group, silent, faster, below].filter(Boolean).length;
}

const PLAIN = /^[\x20-\x7e]*$/; // most names: nothing in them is written in two ways
const ASIDE = /[\u0300-\u036f\p{Cf}]/gu; // accents, and marks that cannot be seen

/** As it is looked for: `Cafe`, `CAFÉ` and the `Café` whose accent is a letter of its own are one. */
export function fold(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return text.normalize('NFKD').replace(ASIDE, '').toLowerCase().replaceAll('ß', 'ss').replace(ASIDE, '');
}

/** Whether its name or its id has `typed`, which is folded, in it. */
export function isCalled(name: string, id: string, typed: string): boolean {
  return fold(name).includes(typed) || id.toLowerCase().includes(typed);
}

/** What of a device `typed`, which is folded, is found in. */
export function isNamed(devices: DeviceTable, row: number, typed: string): boolean {
  return isCalled(devices.name[row]!, devices.id[row]!, typed) || fold(devices.category[row] ?? '').includes(typed);
}

/** `members`: ids of the devices of the group that is asked for, null where they are not known. */
export function isFound(
  devices: DeviceTable,
  row: number,
  wanted: Finding,
  now: number,
  members: ReadonlySet<string> | null,
): boolean {
  const { category, inside, group, silent, faster, below } = wanted;
  return (
    (category === null || devices.category[row] === category) &&
    (inside === null || devices.inside[row]!.includes(inside)) &&
    (group === null || members?.has(devices.id[row]!) === true) &&
    (silent === 0 || !(now - devices.at[row]! < 1000 * silent)) && // never heard of is silent for ever
    (faster === 0 || devices.speed[row]! >= faster) &&
    (below === 0 || 100 * devices.battery[row]! < below)
  );
}

/** In place. Rows come by name, and among equals stay so; what is not known comes last. */
export function sortRows(devices: DeviceTable, rows: number[], order: Order): number[] {
  if (order === 'name') return rows;
  const value = order === 'speed' ? devices.speed : devices.at;
  const sign = order === 'oldest' ? 1 : -1;
  return rows.sort((a, b) => {
    const [x, y] = [value[a]!, value[b]!];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x - y);
  });
}
