/** Starts the page: a token in the address signs in and is gone from it; then the door or the dashboard. */
import '@fontsource-variable/inter/wght.css';
import 'maplibre-gl/dist/maplibre-gl.css';
import { render } from 'preact';
import { ApiError } from './api/call';
import { fetchConfig, fetchMe } from './api/sign-in';
import { App } from './panels/App';
import { trySignIn } from './panels/SignIn';
import { followTheme } from './panels/theme';
import { config, door, me } from './state';
import './styles/tokens.css';
import './styles/page.css';
import './styles/side.css';
import './styles/events.css';
import './styles/stage.css';
import './styles/detail.css';
import './styles/form.css';
import './styles/alerts.css';
import './styles/door.css';

followTheme();
const liveUrl = new URL('/ws/live', location.href.replace(/^http/, 'ws')).href;
render(<App liveUrl={liveUrl} onSignedIn={() => void enter()} />, document.getElementById('app')!);
void arrive();

async function arrive(): Promise<void> {
  const token = takeToken();
  const refusal = token === null ? null : await trySignIn(token);
  if (refusal !== null) door.value = { state: 'closed', why: refusal };
  else await enter();
}

/** A fragment is never sent to a server, and is gone before anything else runs: not in the history, not in a bookmark. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

async function enter(): Promise<void> {
  try {
    me.value = await fetchMe();
    if (me.value.kind === 'device') {
      door.value = { state: 'closed', why: 'That is the token of a device. The map needs a viewer or an admin token.' };
      return;
    }
    config.value = await fetchConfig();
    door.value = { state: 'open' };
  } catch (error) {
    const signedOut = error instanceof ApiError && error.status === 401;
    door.value = { state: 'closed', why: signedOut ? null : 'The server does not answer. Is it running?' };
  }
}
