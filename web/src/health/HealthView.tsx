/** The doctor: what looks wrong with a device and what to change, and what is known of its last day. */
import { useSignal } from '@preact/signals';
import { fetchHealth, type Gap, type Health, type Hour, type Refused } from '../api/health';
import type { Live } from '../live';
import { age, ago, count, dayTime, distance, percent, ratio, span, time, UNKNOWN } from '../panels/format';
import { useLook } from '../panels/look';
import { readRefusal } from '../panels/refusal';
import { language } from '../words';
import { Findings } from './Findings';
import { healthWords } from './words';
import './health.css';

const LOOK_MS = 15_000;
const RIGHT_S = 2; // of its clock, and of the way here

export function HealthView({ live, id }: { live: Live; id: string }) {
  const [health, fault] = [useSignal<Health | null>(null), useSignal('')];
  const spoken = language.value;
  const look = () =>
    fetchHealth(id, spoken).then(
      (found) => ([health.value, fault.value] = [found, '']),
      (error) => (fault.value = readRefusal(error).message),
    );
  useLook(look, LOOK_MS, `${id} ${spoken}`);
  const said = healthWords.value;
  if (health.value === null) return <p class="hint waits">{fault.value || said.reading}</p>;
  const now = live.feed.now();
  const { findings, refused, gaps, hours } = health.value;
  return (
    <div class="health">
      {fault.value && <p role="alert">{fault.value}</p>}
      {findings.length === 0 ? <p class="well">{said.well}</p> : <Findings findings={findings} now={now} />}
      <Facts health={health.value} now={now} />
      {refused.length > 0 && <RefusedList refused={refused} />}
      {gaps.length > 0 && <Gaps gaps={gaps} now={now} />}
      {hours.length > 0 && <Hours hours={hours} />}
    </div>
  );
}

function Facts({ health, now }: { health: Health; now: number }) {
  const said = healthWords.value;
  const facts: (readonly [string, string])[] = [
    [said.app, health.app ?? UNKNOWN],
    [said.phone, health.phone || UNKNOWN],
    [said.seen, health.lastSeen === null ? UNKNOWN : ago(now - health.lastSeen)],
    [said.fix, health.lastFix === null ? UNKNOWN : ago(now - health.lastFix)],
    [said.interval, health.interval === null ? UNKNOWN : span(health.interval)],
    [said.clock, sayClock(health.clockOffset)],
  ];
  const day = [said.stored(count(health.stored)), said.repeated(count(health.repeated))];
  if (health.refusedCount > 0) day.push(said.refusedCount(count(health.refusedCount)));
  return (
    <dl>
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
      <div class="wide">
        <dt>{said.unit}</dt>
        <dd>{saySpeed(health)}</dd>
      </div>
      <div class="wide">
        <dt>{said.day}</dt>
        <dd>{day.join(', ')}</dd>
      </div>
    </dl>
  );
}

function saySpeed({ speedUnit, speedRatio }: Health): string {
  const beside = speedRatio === null ? null : healthWords.value.ratio(ratio(speedRatio));
  return [speedUnit, beside].filter((it) => it !== null).join('; ') || UNKNOWN;
}

function sayClock(offset: number | null): string {
  const said = healthWords.value;
  if (offset === null) return UNKNOWN;
  if (Math.abs(offset) <= RIGHT_S) return said.right;
  return offset > 0 ? said.ahead(age(1000 * offset)) : said.behind(age(-1000 * offset));
}

function RefusedList({ refused }: { refused: readonly Refused[] }) {
  const said = healthWords.value;
  return (
    <section aria-label={said.refused}>
      <h3>{said.refused}</h3>
      <ul>
        {refused.map((each) => (
          <li key={each.reason}>
            <b>{each.reason}</b> {said.times(count(each.count))}
            <pre>
              <code>{each.text}</code>
            </pre>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Gaps({ gaps, now }: { gaps: readonly Gap[]; now: number }) {
  const said = healthWords.value;
  return (
    <section aria-label={said.gaps}>
      <h3>{said.gaps}</h3>
      <ul>
        {gaps.map((each) => (
          <li key={each.since}>{said.gap(span(each.seconds), time(each.since, now))}</li>
        ))}
      </ul>
    </section>
  );
}

function Hours({ hours }: { hours: readonly Hour[] }) {
  const said = healthWords.value;
  return (
    <section aria-label={said.hours}>
      <h3>{said.hours}</h3>
      <table>
        <thead>
          <tr>
            {[said.hour, said.fixes, said.accuracy, said.battery].map((each) => (
              <th scope="col" key={each}>
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hours.map((each) => (
            <tr key={each.begin}>
              <td>{dayTime(each.begin)}</td>
              <td>{count(each.fixes)}</td>
              <td>{each.accuracy === null ? UNKNOWN : distance(each.accuracy)}</td>
              <td>{each.battery === null ? UNKNOWN : percent(each.battery)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
