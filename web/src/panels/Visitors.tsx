/** Who is in the chosen geofence now, and since when. Who it is comes by the stream, since when is asked for. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { fetchVisits, type Visit } from '../api/visitors';
import type { Live } from '../live';
import { occupants } from '../live/occupants';
import { second } from '../state';
import { words } from '../words';
import { dayTime, moment, span, time } from './format';
import { Name } from './Name';

const SHOWN = 30; // devices
const NONE: ReadonlyMap<string, Visit> = new Map();

export function Visitors({ live, id }: { live: Live; id: string }) {
  const { devices } = live.feed;
  const rows = useMemo(() => occupants(devices).get(id) ?? [], [id, second.value]);
  const ids = rows.map((row) => devices.id[row]!);
  const visits = useVisits(id, ids);
  return (
    <div class={rows.length ? 'inside' : 'inside none'}>
      <h3>{words.value.geofences.insideNow}</h3>
      {rows.length === 0 ? (
        <p class="hint">{words.value.geofences.noDevice}</p>
      ) : (
        <ul>
          {rows.slice(0, SHOWN).map((row) => (
            <li key={row}>
              <button type="button" onClick={() => live.goTo(row)}>
                <Name text={devices.name[row]} />
                <Since visit={visits.get(devices.id[row]!)} now={live.feed.now()} />
              </button>
            </li>
          ))}
          {rows.length > SHOWN && <li class="more">{words.value.geofences.andMore(rows.length - SHOWN)}</li>}
        </ul>
      )}
    </div>
  );
}

/** Asked for anew when somebody comes or goes. What is known stays until the answer is there. */
function useVisits(id: string, ids: readonly string[]): ReadonlyMap<string, Visit> {
  const [visits, tell] = useState(NONE);
  const who = ids.join(' ');
  useEffect(() => tell(NONE), [id]);
  useEffect(() => {
    let isOpen = true;
    if (who)
      fetchVisits(id).then(
        (found) => isOpen && tell(found),
        () => undefined,
      ); // with who comes or goes next
    return () => {
      isOpen = false;
    };
  }, [id, who]);
  return visits;
}

function Since({ visit, now }: { visit: Visit | undefined; now: number }) {
  if (!visit) return null;
  if (visit.since === null) return visit.alreadyInside ? <small>{words.value.geofences.sinceBefore}</small> : null;
  const clock = now - visit.since < 20 * 3_600_000 ? dayTime(visit.since) : time(visit.since, now);
  const long = span(Math.max(0, (now - visit.since) / 1000));
  return <small title={moment(visit.since)}>{words.value.geofences.sinceAnd(clock, long)}</small>;
}
