/** What became of each message, the newest first, with every attempt. */
import type { Desk } from '../alerts/desk';
import type { Attempt, Delivery } from '../api/subscriptions';
import type { Live } from '../live';
import { geofenceNames, second } from '../state';
import { Nothing } from './Empty';
import { age, count, moment, time } from './format';
import { isolated } from './Name';

const STATES: Record<string, string> = { waiting: 'Waiting', sent: 'Delivered', dead: 'Given up', skipped: 'Not sent' };
const TYPES: Record<string, string> = {
  test: 'Test',
  enter: 'Entered',
  exit: 'Left',
  cross: 'Passed through',
  dwell: 'Stayed',
  speeding: 'Too fast',
  mixed: 'Several',
};

export function DeliveryLog({ live, desk }: { live: Live; desk: Desk }) {
  void second.value;
  const deliveries = desk.deliveries.value;
  return (
    <section class="log" aria-label="Deliveries">
      <h3>Deliveries</h3>
      {deliveries === null ? (
        <Nothing text="Reading the log…" />
      ) : deliveries.length === 0 ? (
        <Nothing text="Nothing was sent yet. A test shows whether messages arrive." />
      ) : (
        <ol>
          {deliveries.map((each) => (
            <Entry key={each.id} live={live} desk={desk} delivery={each} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Entry({ live, desk, delivery }: { live: Live; desk: Desk; delivery: Delivery }) {
  const { id, state, reason, attempts, createdAt, due } = delivery;
  const wait = due === null ? 0 : due - Date.now();
  return (
    <li class={`delivery ${state}`}>
      <p class="line">
        <b>{subject(delivery, live)}</b>
        <time title={moment(createdAt)} dateTime={new Date(createdAt).toISOString()}>
          {time(createdAt, live.feed.now())}
        </time>
      </p>
      <p class="line">
        <span class="state">
          {STATES[state] ?? state}
          {state === 'waiting' && wait > 1000 && `, next try in ${age(wait)}`}
          {state !== 'waiting' && reason && `: ${reason}`}
        </span>
        {state !== 'waiting' && (
          <button
            type="button"
            class="link"
            disabled={desk.busy.value}
            onClick={() => void desk.again(delivery)}
            aria-label={`Send message ${id} again`}
          >
            Send again
          </button>
        )}
      </p>
      {attempts.length > 0 && (
        <ul>
          {attempts.map((each) => (
            <Tried key={each.number} attempt={each} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Tried({ attempt }: { attempt: Attempt }) {
  const { number, status, ms, error, at } = attempt;
  return (
    <li class={error === null ? 'well' : 'ill'} title={moment(at)}>
      Attempt {number}: {status ?? 'no answer'} in {count(ms)} ms{error && `, ${error}`}
    </li>
  );
}

function subject({ type, count: events, device, geofence }: Delivery, live: Live): string {
  const row = device === null ? undefined : live.feed.devices.row(device);
  const who = row === undefined ? device : live.feed.devices.name[row];
  const place = geofence === null ? null : (geofenceNames.value.get(geofence) ?? geofence);
  const what = (TYPES[type] ?? type) + (events > 1 ? ` (${events} events)` : '');
  return type === 'test' ? what : [what, ...[place, who].flatMap((name) => (name ? [isolated(name)] : []))].join(' · ');
}
