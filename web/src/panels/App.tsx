/** The page: a side with devices and events, the map with what lies over it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { keepAddress } from '../address';
import { Desk } from '../alerts/desk';
import { send } from '../api/call';
import { signOut } from '../api/sign-in';
import { followRequests } from '../asked';
import { keepFollowing } from '../following';
import { Editor } from '../geofences/editor';
import { Live } from '../live';
import { doorWords } from '../people/door-words';
import { tellLanguage } from '../people/language';
import {
  accountShown,
  addingShown,
  announced,
  code,
  door,
  editing,
  isAdmin,
  joining,
  mayManage,
  me,
  outcome,
  type Pane,
  pane,
  second,
  seesAlerts,
  settingsShown,
  sharing,
  tick,
} from '../state';
import { keepTrails } from '../trails';
import { words } from '../words';
import { Badge } from './Badge';
import { DeviceList } from './DeviceList';
import { DropFile } from './DropFile';
import { EventFeed } from './EventFeed';
import { FitIcon, LeaveIcon, Mark, MoonIcon, PersonIcon, SettingsIcon, SunIcon } from './Icons';
import { later } from './later';
import { fitByHand, MapPane } from './MapPane';
import { Notice } from './Notice';
import { listenForShortcuts } from './shortcuts';
import { theme, toggleTheme } from './theme';

const Account = later(() => import('./Account').then((it) => it.Account));
const AddDevice = later(() => import('./AddDevice').then((it) => it.AddDevice));
const Alarms = later(() => import('./Alarms').then((it) => it.Alarms));
const Alerts = later(() => import('./Alerts').then((it) => it.Alerts));
const DeviceForm = later(() => import('./DeviceForm').then((it) => it.DeviceForm));
const Kiosk = later(() => import('./Kiosk').then((it) => it.Kiosk), openAgain);
const SignIn = later(() => import('./SignIn').then((it) => it.SignIn));
const CodePage = later(() => import('./Code').then((it) => it.CodePage));
const NoStreets = later(() => import('./NoStreets').then((it) => it.NoStreets));
const LayersButton = later(() => import('./LayersButton').then((it) => it.LayersButton));
const Detail = later(() => import('./Detail').then((it) => it.Detail));
const GeofenceCard = later(() => import('./GeofenceCard').then((it) => it.GeofenceCard));
const GeofenceList = later(() => import('./GeofenceList').then((it) => it.GeofenceList));
const GeofenceForm = later(() => import('./GeofenceForm').then((it) => it.GeofenceForm));
const Following = later(() => import('./Following').then((it) => it.Following));
const Gatherings = later(() => import('../joining/Gatherings').then((it) => it.Gatherings));
const ShareDevice = later(() => import('./ShareDevice').then((it) => it.ShareDevice));
const Settings = later(() => import('../settings/Settings').then((it) => it.Settings));
const Sources = later(() => import('../joining/Sources').then((it) => it.Sources));

const AGAIN_MS = 5_000;
const LAST_MS = 60_000;
const RELOADED = 1; // as browsers number it

export function App({ liveUrl, onSignedIn }: { liveUrl: string; onSignedIn: () => void }) {
  const onCodeUsed = () => {
    code.value = null;
    onSignedIn();
  };
  if (code.value !== null) return <CodePage code={code.value} person={me.value?.name ?? null} onDone={onCodeUsed} />;
  if (door.value.state === 'asking') return <div class="door" aria-busy="true" />;
  if (door.value.state === 'away') return <Away />;
  const closed = door.value.state === 'closed' ? door.value : null;
  if (closed && !closed.kept) return <SignIn why={closed.why} onSignedIn={onSignedIn} />;
  return (
    <>
      {/* of the same person: who comes instead finds nothing of theirs */}
      <div class="whole" inert={closed !== null}>
        <Dashboard key={`${me.value?.kind} ${me.value?.person} ${me.value?.name}`} url={liveUrl} />
      </div>
      {closed && (
        <div class="veil door-veil">
          <SignIn why={closed.why} onSignedIn={onSignedIn} />
        </div>
      )}
    </>
  );
}

/** A wall without its parts has nobody who would open it again: it does so itself, as soon as there is a server, but not
 * under whoever signs in. One that was loaded anew and still lacks them is in no hurry. */
function openAgain(): void {
  const wait = performance.navigation.type === RELOADED ? LAST_MS : AGAIN_MS;
  const again = () => (door.peek().state === 'open' ? location.reload() : openAgain());
  setTimeout(() => void send('GET', '/api/config', undefined, AbortSignal.timeout(wait)).then(again, openAgain), wait);
}

/** The page itself is kept by the browser; what is true now only the server knows. */
function Away() {
  return (
    <main class="door">
      <div class="card away" role="status">
        <Mark size={44} />
        <h1>{words.value.app.away}</h1>
        <p>{words.value.app.awayHint}</p>
      </div>
    </main>
  );
}

function Dashboard({ url }: { url: string }) {
  const [live] = useState(() => new Live(url));
  const [isWall] = useState(() => new URLSearchParams(location.search).has('kiosk')); // before the effect that keeps it
  const [editor] = useState(() => new Editor(live));
  const [desk] = useState(() => new Desk());
  useEffect(() => {
    live.start();
    void tellLanguage(false);
    const stops = [keepAddress(live), followRequests(live), keepFollowing(live), keepTrails(live)];
    if (!isWall) stops.push(listenForShortcuts(live, editor));
    Object.assign(window, { tracker: live }); // for the console, and for tests that look at what is drawn
    return () => {
      for (const stop of stops) stop();
      editor.close();
      desk.close();
      live.stop();
    };
  }, []);
  const away = useRef(false);
  useEffect(() => {
    if (away.current && door.value.state === 'open') live.comeBack();
    away.current = door.value.state !== 'open';
  }, [door.value.state]);
  const whole =
    pane.value === 'geofences'
      ? editor.draft.value !== null
      : pane.value === 'alerts' && (desk.open.value ?? desk.draft.value) !== null;
  if (isWall) return <Kiosk live={live} />;
  return (
    <div class="page" data-pane={pane.value} data-whole={whole}>
      <aside class="side" aria-label={words.value.app.side}>
        <Head />
        <Tabs />
        <Panel live={live} editor={editor} desk={desk} />
        <EventFeed live={live} />
      </aside>
      <main class="stage">
        <MapPane live={live} />
        <Badge live={live} />
        <Alarms live={live} />
        <NoStreets />
        <div class="over">
          {/* fetched before there is anybody: a phone may have no network by then */}
          <Following live={live} />
          <Notice />
        </div>
        <LayersButton />
        <button
          type="button"
          class="fit card"
          aria-label={words.value.app.showAll}
          title={`${words.value.app.showAll} (a)`}
          onClick={() => fitByHand(live)}
        >
          <FitIcon />
        </button>
        <Detail live={live} />
        <GeofenceCard live={live} editor={editor} />
        {mayManage.value && <DropFile importing={editor.importing} />}
      </main>
      <p class="unseen" role="status">
        {announced.value}
      </p>
      {settingsShown.value && <Settings />}
      {addingShown.value && <AddDevice live={live} />}
      {joining.value === 'gatherings' && <Gatherings live={live} />}
      {joining.value === 'sources' && <Sources live={live} />}
      {editing.value !== null && <DeviceForm live={live} id={editing.value} key={editing.value} />}
      {sharing.value && <ShareDevice share={sharing.value} editor={editor} />}
      {accountShown.value && (
        <Account onClose={() => (accountShown.value = false)} onChanged={() => location.reload()} />
      )}
    </div>
  );
}

function Panel({ live, editor, desk }: { live: Live; editor: Editor; desk: Desk }) {
  if (pane.value === 'alerts') return <Alerts live={live} desk={desk} />;
  if (pane.value !== 'geofences') return <DeviceList live={live} />;
  return editor.draft.value ? (
    <GeofenceForm live={live} editor={editor} />
  ) : (
    <GeofenceList live={live} editor={editor} />
  );
}

function Head() {
  void tick.value;
  void second.value;
  const leave = () =>
    void signOut().finally(() => {
      outcome.value = null; // is nobody else's to read, nor is what was looked at
      history.replaceState(null, '', location.pathname);
      door.value = { state: 'closed', why: null };
    });
  return (
    <header class="head">
      <Mark />
      <h1>Tracker</h1>
      <button
        type="button"
        class="quiet"
        aria-label={theme.value === 'dark' ? words.value.app.toLight : words.value.app.toDark}
        title={`${words.value.app.lightOrDark} (t)`}
        onClick={toggleTheme}
      >
        {theme.value === 'dark' ? <SunIcon /> : <MoonIcon />}
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={words.value.app.settings}
        title={`${words.value.app.settings} (?)`}
        onClick={() => (settingsShown.value = true)}
      >
        <SettingsIcon />
      </button>
      {(isAdmin.value || me.value?.person != null) && (
        <button
          type="button"
          class="quiet"
          aria-label={doorWords.value.account}
          title={doorWords.value.account}
          onClick={() => (accountShown.value = true)}
        >
          <PersonIcon />
        </button>
      )}
      <button
        type="button"
        class="quiet"
        aria-label={words.value.app.signOut}
        title={words.value.app.signOut}
        onClick={leave}
      >
        <LeaveIcon />
      </button>
    </header>
  );
}

const PANES: readonly Pane[] = ['devices', 'geofences', 'alerts', 'events'];

/** On a phone the side is a sheet that holds one of them; else the events have their own place under the others. */
function Tabs() {
  return (
    <nav class="tabs" aria-label={words.value.app.panels}>
      {PANES.filter((key) => key !== 'alerts' || seesAlerts.value).map((key) => (
        <button
          key={key}
          type="button"
          class={`to-${key}`}
          aria-pressed={pane.value === key}
          onClick={() => (pane.value = key)}
        >
          {words.value.app[key]}
        </button>
      ))}
    </nav>
  );
}
