/** Who is in which geofence, turned round: by geofence. */
import type { DeviceTable } from './devices';
import type { TrackerEvent } from './frames';

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

/** The event by which a device is in a geofence; null where it is not among these, or was taken back. */
export function findEntered(events: readonly TrackerEvent[], device: string, geofence: string): TrackerEvent | null {
  const retracted = new Set(events.map((event) => (event.type === 'retraction' ? event.evidence.event : null)));
  let last: TrackerEvent | null = null;
  for (const event of events)
    if (
      event.device === device &&
      event.geofence === geofence &&
      (event.type === 'enter' || event.type === 'exit') &&
      !retracted.has(event.id) &&
      (last === null || event.at > last.at)
    )
      last = event;
  return last?.type === 'enter' ? last : null;
}
