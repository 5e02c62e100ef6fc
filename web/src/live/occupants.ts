/** Who is in which geofence, turned round: by geofence. */
import type { DeviceTable } from './devices';

export function occupants(devices: DeviceTable): ReadonlyMap<string, readonly number[]> {
  const rows = new Map<string, number[]>();
  for (let row = 0; row < devices.size; row++) {
    for (const id of devices.inside[row]!) {
      const found = rows.get(id);
      if (found) found.push(row);
      else rows.set(id, [row]);
    }
  }
  return rows;
}
