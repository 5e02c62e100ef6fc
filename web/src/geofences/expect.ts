/** Who is expected in a geofence, and by when: as it is sent, and as a person writes it. */
import { ownZone } from '../alerts/wish';
import { type Json, list } from '../api/call';

export interface Expected {
  readonly devices: readonly string[];
  readonly from: string; // 07:00
  readonly by: string; // 08:15
  readonly zone: string;
  readonly days: readonly string[] | null; // mon; null: all
}

export function readExpected(value: unknown): readonly Expected[] {
  return list(value).map((each) => ({
    devices: Array.isArray(each['devices']) ? each['devices'].map(String) : [],
    from: typeof each['from'] === 'string' ? each['from'] : '00:00',
    by: String(each['by'] ?? ''),
    zone: String(each['zone'] ?? ''),
    days: Array.isArray(each['days']) ? each['days'].map(String) : null,
  }));
}

/** One that names nobody yet is not sent. */
export function writeExpected(expected: readonly Expected[]): readonly Json[] {
  return expected
    .filter((each) => each.devices.length > 0)
    .map(({ days, ...rest }) => (days === null ? rest : { ...rest, days }));
}

export function usualExpected(): Expected {
  return {
    devices: [],
    from: '07:00',
    by: '08:15',
    zone: ownZone(),
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  };
}
