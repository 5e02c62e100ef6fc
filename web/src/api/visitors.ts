/** Who is in a geofence, and since when, by the log of the server. */
import { call, list, textOrNull } from './call';

export interface Visit {
  readonly since: number | null; // ms
  readonly alreadyInside: boolean; // since before the geofence was there
}

/** By the devices' ids, at most a hundred of them. */
export async function fetchVisits(geofence: string): Promise<ReadonlyMap<string, Visit>> {
  const answer = await call('GET', `/api/geofences/${encodeURIComponent(geofence)}/visitors`);
  return new Map(
    list(answer['visitors']).map((each) => {
      const since = textOrNull(each['since']);
      const visit = {
        since: since === null ? null : Date.parse(since),
        alreadyInside: each['already_inside'] === true,
      };
      return [String(each['device']), visit];
    }),
  );
}
