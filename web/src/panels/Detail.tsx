/** The selected device: everything its newest position says. */
import type { Live } from '../live';
import { events, following, geofenceNames, me, second, selected, sharing, tick } from '../state';
import { words } from '../words';
import { accuracy, ago, compass, moment, percent, speedFigure, speedUnit, stateOf, UNKNOWN } from './format';
import { CloseIcon, FenceIcon, FollowIcon, HeadingIcon } from './Icons';
import { isolated, Name } from './Name';

export function Detail({ live }: { live: Live }) {
  void tick.value;
  void second.value;
  void events.value;
  const row = selected.value;
  if (row === null || !live.feed.devices.id[row]) return null;
  const { devices } = live.feed;
  const now = live.feed.now();
  const state = stateOf(devices.status[row]!, devices.at[row]!, now, live.feed.seesEverything);
  return (
    <section class="detail card" aria-label={words.value.detail.device(isolated(devices.name[row]!))}>
      <header>
        <div>
          <h2>
            <Name text={devices.name[row]} />
          </h2>
          <p class="id">
            {devices.id[row]}
            {devices.category[row] ? ` · ${devices.category[row]}` : ''}
          </p>
        </div>
        <button type="button" class="quiet" aria-label={words.value.app.close} onClick={() => (selected.value = null)}>
          <CloseIcon />
        </button>
      </header>
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
      <Inside ids={devices.inside[row]!} />
      <footer>
        <button type="button" aria-pressed={following.value} onClick={() => (following.value = !following.value)}>
          <FollowIcon /> {following.value ? words.value.detail.following : words.value.detail.follow}
        </button>
        {me.value?.kind !== 'viewer' && (
          <button
            type="button"
            onClick={() => (sharing.value = { id: devices.id[row]!, name: devices.name[row] ?? devices.id[row]! })}
          >
            {words.value.share.open}
          </button>
        )}
        {!devices.shown[row] && <span class="hint">{words.value.detail.notInView}</span>}
      </footer>
    </section>
  );
}

function Facts({ live, row, now }: { live: Live; row: number; now: number }) {
  const { devices } = live.feed;
  const heading = devices.heading[row]!;
  const known = !Number.isNaN(devices.at[row]!);
  const place = `${(devices.latE7[row]! / 1e7).toFixed(5)}, ${(devices.lonE7[row]! / 1e7).toFixed(5)}`;
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
      <div class="wide">
        <dt>{words.value.detail.place}</dt>
        <dd class="place">{known ? place : UNKNOWN}</dd>
      </div>
    </dl>
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
