/** What the devices of the table are called, by their ids: for who chooses some of them. */
import { useMemo } from 'preact/hooks';
import type { DeviceTable } from '../live/devices';

export function useDeviceNames(devices: DeviceTable): ReadonlyMap<string, string> {
  return useMemo(
    () => new Map(devices.id.flatMap((id, row) => (id ? [[id, devices.name[row]!] as const] : []))),
    [devices.namesVersion],
  );
}
