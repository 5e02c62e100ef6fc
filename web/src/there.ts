/** What a link names, held against what there is for this reader. */
import { batch } from '@preact/signals';
import type { DeviceTable } from './live/devices';
import { ANY_EVENT, feedFilter, finding, followed, geofences, notice, picked, selected, trailed } from './state';
import { words } from './words';

const NAMED = 3;

/** What is not here, or not for this reader, which is told apart by nobody: the rest is shown all the same. */
export function passOver(names: readonly string[]): void {
  const shown = names.slice(0, NAMED).map((name) => `\u2068${name}\u2069`);
  const rest = names.length > NAMED ? ` ${words.peek().geofences.andMore(names.length - NAMED)}` : '';
  notice.value = words.peek().many.passedOver(shown.join(', ') + rest);
}

/** Who is gone is neither selected, followed nor picked. */
export function letGo(devices: DeviceTable): void {
  batch(() => {
    for (const ids of [followed, picked, trailed]) {
      const left = [...ids.peek()].filter((id) => devices.row(id) !== undefined);
      if (left.length < ids.peek().size) ids.value = new Set(left);
    }
    const row = selected.peek();
    if (row !== null && devices.id[row] === '') selected.value = null;
  });
}

/** Ids that an address named. */
export interface Named {
  readonly devices: readonly string[];
  readonly geofences: readonly string[];
}

export function namedIn(query: URLSearchParams): Named {
  const all = (keys: readonly string[]) =>
    keys.flatMap((key) => readIds(query.get(key))).filter((id) => !(id === '1' && query.get('follow') === '1'));
  return { devices: all(['device', 'follow', 'pick', 'trails', 'of']), geofences: all(['fence', 'inside', 'in']) };
}

export function readIds(text: string | null): readonly string[] {
  const found = (text ?? '').split(',').filter((id) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id));
  return [...new Set(found)];
}

/** Once it is known what there is. */
export function holdToWhatThereIs(devices: DeviceTable, named: Named): void {
  const fences = new Set(geofences.peek().map((fence) => fence.id));
  const missing = [
    ...named.devices.filter((id) => devices.row(id) === undefined),
    ...named.geofences.filter((id) => !fences.has(id)),
  ];
  if (missing.length === 0) return;
  const isMissing = (id: string | null) => id !== null && missing.includes(id);
  batch(() => {
    if (isMissing(finding.peek().inside)) finding.value = { ...finding.peek(), inside: null };
    const { kind, device, geofence } = feedFilter.peek();
    if (isMissing(device) || isMissing(geofence)) feedFilter.value = { ...ANY_EVENT, kind };
    passOver([...new Set(missing)]);
  });
}
