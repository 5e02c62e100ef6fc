/** How exactly others see a device, what one may do to it oneself, and for its person who watches. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api/call';
import { fetchStanding, fetchWatchers, type Standing, setPrivacy } from '../api/standing';
import type { Live } from '../live';
import type { Privacy } from '../live/frames';
import { me, tick } from '../state';
import { WatcherLists } from '../watching/WatcherLists';
import type { Watchers } from '../watching/watchers';
import { words } from '../words';
import { moment } from './format';
import { later } from './later';

const CardGuard = later(() => import('./CardGuard').then((it) => it.CardGuard));
const ShownIn = later(() => import('../people/ShownIn').then((it) => it.ShownIn));

const HOUR_MS = 3_600_000;
const LASTS = [1, 8, 24] as const; // hours
const MOST = 20; // of who looked

export function CardRights({ live, id }: { live: Live; id: string }) {
  void tick.value;
  const standing = useSignal<Standing | null>(null);
  useEffect(() => {
    fetchStanding(id).then(
      (found) => (standing.value = found),
      () => {}, // then nothing is said of it
    );
  }, [id]);
  const privacy = live.feed.devices.privacy.get(id) ?? null;
  const found = standing.value;
  const isOwn = found?.person != null && found.person === me.value?.person;
  return (
    <div class="rights">
      {privacy && <p class="hidden-now">{sayPrivacy(privacy, isOwn)}</p>}
      {found && !isOwn && me.value?.person !== null && <p class="hint">{sayRights(found.may)}</p>}
      {found?.may.includes('devices') && <CardGuard live={live} id={id} />}
      {isOwn && <ShownIn id={id} key={`shown ${id}`} />}
      {isOwn && <Hide id={id} privacy={privacy} />}
      {isOwn && <Watched id={id} key={id} />}
    </div>
  );
}

function sayPrivacy({ mode, until }: Privacy, isOwn: boolean): string {
  const said = words.value.hide;
  const end = until === null ? null : moment(until);
  if (isOwn) return mode === 'paused' ? said.ownPaused(end) : said.ownVague(end);
  return mode === 'paused' ? said.paused(end) : said.vague(end);
}

function sayRights(may: readonly string[]): string {
  const said = words.value.hide;
  return said.may(
    ['see', 'command', 'share', 'devices'].filter((each) => may.includes(each)).map((each) => said.can[each]!),
  );
}

function Hide({ id, privacy }: { id: string; privacy: Privacy | null }) {
  const said = words.value.hide;
  const lasts = useSignal<number>(LASTS[0]);
  const fault = useSignal('');
  const set = (mode: string) =>
    void setPrivacy(id, mode, mode === 'exact' ? null : Date.now() + lasts.value * HOUR_MS).then(
      () => (fault.value = ''),
      (error) => (fault.value = error instanceof ApiError ? error.message : words.value.app.noAnswer),
    );
  return (
    <div class="hide" role="group" aria-label={said.title}>
      <h3>{said.title}</h3>
      {privacy ? (
        <button type="button" onClick={() => set('exact')}>
          {said.goOn}
        </button>
      ) : (
        <p class="hide-choice">
          <select
            aria-label={said.lasts}
            value={lasts.value}
            onChange={(event) => (lasts.value = Number(event.currentTarget.value))}
          >
            {LASTS.map((hours) => (
              <option key={hours} value={hours}>
                {said.hours(hours)}
              </option>
            ))}
          </select>
          <button type="button" title={said.vagueHint} onClick={() => set('vague')}>
            {said.beVague}
          </button>
          <button type="button" title={said.pausedHint} onClick={() => set('paused')}>
            {said.bePaused}
          </button>
        </p>
      )}
      {fault.value && <p role="alert">{fault.value}</p>}
    </div>
  );
}

function Watched({ id }: { id: string }) {
  const said = words.value.hide;
  const found = useSignal<Watchers | null>(null);
  const look = () =>
    void fetchWatchers(id).then(
      (watchers) => (found.value = watchers),
      () => {}, // it stays empty
    );
  return (
    <details class="watched" onToggle={(event) => event.currentTarget.open && look()}>
      <summary>{said.watchers}</summary>
      {found.value && <WatcherLists watchers={found.value} said={said} moment={moment} soft="hint" most={MOST} />}
    </details>
  );
}
