/** What became of each message, the newest first, with every attempt. */
import type { Desk } from '../alerts/desk';
import type { Attempt, Delivery } from '../api/subscriptions';
import type { Live } from '../live';
import { sayIn } from '../refusals/say';
import { geofenceNames, second } from '../state';
import { locale, words } from '../words';
import { Nothing } from './Empty';
import { age, count, moment, time } from './format';
import { isolated } from './Name';

export function DeliveryLog({ live, desk }: { live: Live; desk: Desk }) {
  void second.value;
  const deliveries = desk.deliveries.value;
  const said = words.value.alerts.log;
  return (
    <section class="log" aria-label={said.title}>
      <h3>{said.title}</h3>
      {deliveries === null ? (
        <Nothing text={said.reading} />
      ) : deliveries.length === 0 ? (
        <Nothing text={said.none} />
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
  const said = words.value.alerts.log;
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
          {said.states[state] ?? state}
          {state === 'waiting' && wait > 1000 && said.nextTry(age(wait))}
          {state !== 'waiting' && reason && `: ${sayIn(reason)}`}
        </span>
        {state !== 'waiting' && (
          <button
            type="button"
            class="link"
            disabled={desk.busy.value}
            onClick={() => void desk.again(delivery)}
            aria-label={said.sendAgain(id)}
          >
            {said.again}
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
  const said = words.value.alerts.log;
  return (
    <li class={error === null ? 'well' : 'ill'} title={moment(at)}>
      {said.attempt(number, String(status ?? said.noAnswer), count(ms))}
      {error && `, ${sayIn(error)}`}
    </li>
  );
}

function subject({ type, count: events, device, geofence }: Delivery, live: Live): string {
  const row = device === null ? undefined : live.feed.devices.row(device);
  const who = row === undefined ? device : live.feed.devices.name[row];
  const place = geofence === null ? null : (geofenceNames.value.get(geofence) ?? geofence);
  const said = words.value.alerts.log;
  const kind = said.types[type] ?? capital(words.value.events.kinds[type] ?? type);
  const what = kind + (events > 1 ? said.events(events) : '');
  return type === 'test' ? what : [what, ...[place, who].flatMap((name) => (name ? [isolated(name)] : []))].join(' · ');
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase(locale.value) + text.slice(1);
}
