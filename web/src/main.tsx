/** Starts the page: a token in the address signs in and is gone from it; then the door or the dashboard. */
import '@fontsource-variable/inter/wght.css';
import 'maplibre-gl/dist/maplibre-gl.css';
import { render } from 'preact';
import { readCamera } from './address';
import { ApiError, here } from './api/call';
import { fetchConfig, fetchMe, type Key } from './api/sign-in';
import { App } from './panels/App';
import { followTheme } from './panels/theme';
import { doorWords } from './people/door-words';
import { trySignIn } from './people/entrance';
import { followRefusals } from './refusals/say';
import { keepShell } from './shell';
import { accountShown, type Code, camera, code, config, door, me } from './state';
import { followLanguage } from './words';
import './styles/tokens.css';
import './styles/page.css';
import './styles/side.css';
import './styles/events.css';
import './styles/stage.css';
import './styles/over.css';
import './styles/detail.css';
import './styles/card.css';
import './styles/device-form.css';
import './styles/finding.css';
import './styles/talk.css';
import './styles/form.css';
import './styles/import.css';
import './styles/add.css';
import './styles/alerts.css';
import './styles/door.css';
import './styles/people.css';

const AGAIN_MS = 3_000;

followTheme();
camera.value = readCamera(new URLSearchParams(location.search).get('at')); // the map asks for it when it is made
followLanguage();
followRefusals();
const liveUrl = here('/ws/live').replace(/^http/, 'ws');
render(<App liveUrl={liveUrl} onSignedIn={() => void enter()} />, document.getElementById('app')!);
void arrive();

async function arrive(): Promise<void> {
  const word = takeWord();
  code.value = takeCode();
  const key = takeKey();
  const refusal = key === null ? null : await trySignIn(key);
  if (refusal !== null && !(await isSignedIn())) door.value = { state: 'closed', why: refusal };
  else await enter(word === null ? null : (doorWords.peek().cameBack[word] ?? null));
  if (word === 'bound' && door.peek().state === 'open') accountShown.value = true;
}

/** What became of a sign-in elsewhere, from which the browser comes back. */
function takeWord(): string | null {
  const word = new URLSearchParams(location.hash.slice(1)).get('oidc');
  if (word !== null) history.replaceState(null, '', location.pathname + location.search);
  return word;
}

/** A fragment is never sent to a server, and is gone before anything else runs: not in the history, not in a bookmark. */
function takeKey(): Key | null {
  const given = new URLSearchParams(location.hash.slice(1));
  const [token, link] = [given.get('token'), given.get('link')];
  if (token !== null || link !== null) history.replaceState(null, '', location.pathname + location.search);
  if (link !== null) return { link };
  return token === null ? null : { token };
}

/** An invitation or a new password: it is shown first, and used when somebody says so. */
function takeCode(): Code | null {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const kind of ['invitation', 'password'] as const) {
    const found = given.get(kind);
    if (found === null) continue;
    history.replaceState(null, '', location.pathname + location.search);
    return { kind, code: found };
  }
  return null;
}

/** A link that is opened again where it worked before leads in: the cookie is there. */
async function isSignedIn(): Promise<boolean> {
  return fetchMe().then(
    () => true,
    () => false,
  );
}

/** Opened without a network, or while the server is away: asked again until it answers, and at once with the network. */
function waitForServer(told: string | null): void {
  door.value = { state: 'away' };
  const again = () => {
    clearTimeout(timer);
    removeEventListener('online', again);
    void enter(told);
  };
  const timer = setTimeout(again, AGAIN_MS);
  addEventListener('online', again);
}

/** `told`: what a closed door says. */
async function enter(told: string | null = null): Promise<void> {
  try {
    me.value = await fetchMe();
    if (me.value.kind === 'device') {
      door.value = { state: 'closed', why: doorWords.peek().deviceToken };
      return;
    }
    config.value = await fetchConfig();
    door.value = { state: 'open' };
    void keepShell();
  } catch (error) {
    if (!(error instanceof ApiError)) return waitForServer(told);
    door.value = { state: 'closed', why: error.status === 401 ? told : doorWords.peek().silent };
  }
}
