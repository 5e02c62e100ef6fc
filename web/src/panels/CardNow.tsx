/** What the newest position of a device says, what happened to it last, and what one can do with its place. */
import { useSignal } from '@preact/signals';
import { stopFollowing, toggleFollowing } from '../following';
import type { Live } from '../live';
import { events, followed, geofenceNames, mayShare, second, sharing, tick } from '../state';
import { words } from '../words';
import { CardRights } from './CardRights';
import { namesOf, Words } from './EventFeed';
import { accuracy, ago, compass, moment, percent, speedFigure, speedUnit, stateOf, UNKNOWN } from './format';
import { EventIcon, FenceIcon, FollowIcon, HeadingIcon } from './Icons';
import { Name } from './Name';
import { sentence } from './wording';

const LAST_EVENTS = 3;

export function CardNow({ live, row }: { live: Live; row: number }) {
  void tick.value; // with the same row nothing else says that the table has changed
  void second.value;
  const { devices } = live.feed;
  const now = live.feed.now();
  const state = stateOf(devices.status[row]!, devices.at[row]!, now, live.feed.seesEverything);
  return (
    <>
      <div class="headline">
        <p class="speed">
          <b>{speedFigure(devices.speed[row]!)}</b> {speedUnit()}
        </p>
        <span class={`pill ${state.key}`}>
          <span class={`dot ${state.key}`} />
          {state.text}
        </span>
      </div>
      <Facts live={live} row={row} now={now} />
      <Doing live={live} row={row} />
      <Where live={live} row={row} />
      <CardRights live={live} id={devices.id[row]!} key={devices.id[row]!} />
      <Inside ids={devices.inside[row]!} />
      <LastEvents live={live} id={devices.id[row]!} now={now} />
    </>
  );
}

function Facts({ live, row, now }: { live: Live; row: number; now: number }) {
  const { devices } = live.feed;
  const heading = devices.heading[row]!;
  const known = !Number.isNaN(devices.at[row]!);
  return (
    <dl>
      <div>
        <dt>{words.value.detail.heading}</dt>
        <dd>
          {!Number.isNaN(heading) && <HeadingIcon degrees={heading} />} {compass(heading)}
        </dd>
      </div>
      <div>
        <dt>{words.value.detail.accuracy}</dt>
        <dd>{accuracy(devices.accuracy[row]!)}</dd>
      </div>
      <div>
        <dt>{words.value.detail.battery}</dt>
        <dd>{percent(devices.battery[row]!)}</dd>
      </div>
      <div>
        <dt>{words.value.detail.updated}</dt>
        <dd title={known ? moment(devices.at[row]!) : ''}>{known ? ago(now - devices.at[row]!) : UNKNOWN}</dd>
      </div>
    </dl>
  );
}

function Where({ live, row }: { live: Live; row: number }) {
  void tick.value;
  const { at, lonE7, latE7 } = live.feed.devices;
  return (
    <dl class="where">
      <div>
        <dt>{words.value.detail.place}</dt>
        <dd>{Number.isNaN(at[row]!) ? UNKNOWN : <Place lon={lonE7[row]! / 1e7} lat={latE7[row]! / 1e7} />}</dd>
      </div>
    </dl>
  );
}

/** What other maps are told by the address alone: nothing is asked of them until somebody clicks. */
const MAPS: readonly (readonly [string, (lat: string, lon: string) => string])[] = [
  ['OpenStreetMap', (lat, lon) => `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=17/${lat}/${lon}`],
  ['Google Maps', (lat, lon) => `https://www.google.com/maps/search/?api=1&query=${lat}%2C${lon}`],
  ['Apple Maps', (lat, lon) => `https://maps.apple.com/?ll=${lat},${lon}&q=${lat},${lon}`],
  ['geo:', (lat, lon) => `geo:${lat},${lon}`],
];

function Place({ lon, lat }: { lon: number; lat: number }) {
  const said = words.value.card;
  const isCopied = useSignal(false);
  const [north, east] = [lat.toFixed(5), lon.toFixed(5)];
  const copy = () =>
    void navigator.clipboard.writeText(`${north}, ${east}`).then(() => {
      isCopied.value = true;
      setTimeout(() => (isCopied.value = false), 2_000);
    });
  return (
    <>
      <span class="place">
        {north}, {east}
      </span>
      <span class="place-tools">
        {'clipboard' in navigator && (
          <button type="button" class="link" aria-label={said.copy} onClick={copy}>
            {isCopied.value ? said.copied : said.copy}
          </button>
        )}
        <details class="maps">
          <summary>{said.openIn}</summary>
          <ul>
            {MAPS.map(([name, url]) => (
              <li key={name}>
                <a href={url(north, east)} target="_blank" rel="noreferrer">
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </details>
      </span>
    </>
  );
}

function Inside({ ids }: { ids: readonly string[] }) {
  return (
    <div class={ids.length ? 'inside' : 'inside none'}>
      <h3>{words.value.detail.inside}</h3>
      {ids.length === 0 ? (
        <p class="hint">{words.value.detail.noGeofence}</p>
      ) : (
        <ul>
          {ids.map((id) => (
            <li key={id}>
              <FenceIcon />
              <Name text={geofenceNames.value.get(id) ?? id} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function LastEvents({ live, id, now }: { live: Live; id: string; now: number }) {
  const found = events.value.filter((event) => event.device === id || event.evidence.other === id);
  const newest = found.sort((a, b) => b.at - a.at).slice(0, LAST_EVENTS);
  return (
    <div class={newest.length ? 'happened' : 'happened none'}>
      <h3>{words.value.card.lastEvents}</h3>
      {newest.length === 0 ? (
        <p class="hint">{words.value.card.noEvents}</p>
      ) : (
        <ul>
          {newest.map((event) => (
            <li key={event.id} class={event.type}>
              <span class="kind">
                <EventIcon type={event.type} />
              </span>
              <span class="what">
                <Words parts={sentence(event, namesOf(live))} />
              </span>
              <time title={moment(event.at)}>{ago(now - event.at)}</time>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Doing({ live, row }: { live: Live; row: number }) {
  void tick.value;
  const { devices } = live.feed;
  const id = devices.id[row]!;
  const isFollowed = followed.value.has(id);
  return (
    <footer>
      <button
        type="button"
        aria-pressed={isFollowed}
        onClick={() => (isFollowed ? stopFollowing() : toggleFollowing(new Set([id])))}
      >
        <FollowIcon /> {isFollowed ? words.value.detail.following : words.value.detail.follow}
      </button>
      {mayShare.value && (
        <button type="button" onClick={() => (sharing.value = { id, name: devices.name[row] ?? id })}>
          {words.value.share.open}
        </button>
      )}
      {!devices.shown[row] && <span class="hint">{words.value.detail.notInView}</span>}
    </footer>
  );
}
