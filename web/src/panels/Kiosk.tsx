/** A wall: the map, what happened, and the time, without anything to press. It looks after itself for weeks. */
import { useEffect } from 'preact/hooks';
import { fetchConfig } from '../api/sign-in';
import type { Live } from '../live';
import { camera, config, events, feedFilter, health, second, selected, tick } from '../state';
import { locale, words } from '../words';
import { Alarms } from './Alarms';
import { Badge } from './Badge';
import { namesOf, Words } from './EventFeed';
import { ago, time } from './format';
import { EventIcon } from './Icons';
import { fitMap, MapPane } from './MapPane';
import { inOrder, isNarrow } from './order';
import { usePast } from './past';
import { sentence } from './wording';
import '../styles/kiosk.css';

const SHOWN = 40; // events; what does not fit is cut
const RECENT_MS = 60_000;
const FIT_MS = 60_000; // devices drive out of what is shown
const AGAIN_MS = 60_000;

export function Kiosk({ live }: { live: Live }) {
  useUpkeep(live);
  return (
    <main class="kiosk">
      <h1 class="unseen">Tracker</h1>
      <div class="stage" inert>
        <MapPane live={live} />
        <Badge live={live} />
        <Alarms live={live} />
      </div>
      <div class="beside">
        <Clock />
        <Told live={live} />
      </div>
    </main>
  );
}

/** Nobody is there to press anything: what a person would do is done here. */
function useUpkeep(live: Live): void {
  useEffect(() => {
    const fit = setInterval(() => {
      if (camera.peek() === null && selected.peek() === null) fitMap(live);
    }, FIT_MS);
    const again = setInterval(() => {
      if (health.peek() === 'refused') live.feed.start(); // for good, says the server; but it may be another by now
    }, AGAIN_MS);
    return () => {
      clearInterval(fit);
      clearInterval(again);
    };
  }, []);
  // A server of another version has another page, whose parts this one would not find.
  useEffect(() => {
    if (health.value !== 'live') return;
    fetchConfig().then(
      (found) => found.version !== config.peek().version && location.reload(),
      () => {}, // it is asked again with the next connection
    );
  }, [health.value === 'live']);
  useEffect(() => {
    const stayAwake = () => {
      if (!document.hidden) navigator.wakeLock?.request('screen').catch(() => {}); // let go of whenever it is hidden
    };
    stayAwake();
    document.addEventListener('visibilitychange', stayAwake);
    return () => document.removeEventListener('visibilitychange', stayAwake);
  }, []);
}

function Clock() {
  void second.value;
  const now = new Date();
  return (
    <p class="clock">
      <time>{now.toLocaleTimeString(locale.value, { hour: '2-digit', minute: '2-digit' })}</time>
      <span>{now.toLocaleDateString(locale.value, { weekday: 'long', day: 'numeric', month: 'long' })}</span>
    </p>
  );
}

function Told({ live }: { live: Live }) {
  void second.value;
  void tick.value;
  const wanted = feedFilter.value;
  const past = usePast(live.feed.events, wanted);
  const shown = inOrder([...events.value, ...past.events], wanted).slice(0, SHOWN);
  const now = live.feed.now();
  if (shown.length === 0)
    return <p class="nothing">{isNarrow(wanted) ? words.value.events.noMatch : words.value.events.none}</p>;
  return (
    <ol aria-label={words.value.events.title}>
      {shown.map((event) => (
        <li key={event.id} class={`event ${event.type}`}>
          <span class="kind">
            <EventIcon type={event.type} />
          </span>
          <span class="what">
            <Words parts={sentence(event, namesOf(live))} />
          </span>
          <time dateTime={new Date(event.at).toISOString()}>
            {now - event.at < RECENT_MS ? ago(now - event.at) : time(event.at, now)}
          </time>
        </li>
      ))}
    </ol>
  );
}
