/** The devices one may type the name of, for an input with this `list`. */
import type { Live } from '../live';
import { compareNames } from './format';

const OFFERED = 500; // a list of ten thousand is no list

export function DeviceChoices({ live, list, but = '' }: { live: Live; list: string; but?: string }) {
  return (
    <datalist id={list}>
      {listDevices(live, but).map((row) => (
        <option key={row} value={live.feed.devices.id[row]!}>
          {live.feed.devices.name[row]}
        </option>
      ))}
    </datalist>
  );
}

/** The first of all others, by name. */
function listDevices(live: Live, id: string): number[] {
  const { devices } = live.feed;
  const rows = Array.from({ length: devices.size }, (_, row) => row).filter(
    (row) => devices.id[row] && devices.id[row] !== id,
  );
  return rows.sort((a, b) => compareNames(devices.name[a]!, devices.name[b]!)).slice(0, OFFERED);
}

/** By its id, or by its name where one alone has it. */
export function findDevice(live: Live, typed: string, without: string): string | null {
  const { devices } = live.feed;
  const wanted = typed.trim();
  if (wanted !== without && devices.row(wanted) !== undefined) return wanted;
  const named = devices.id.filter((id, row) => id && id !== without && devices.name[row] === wanted);
  return named.length === 1 ? named[0]! : null;
}
