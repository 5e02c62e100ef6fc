/** Starts the phone page: a code in the address pairs it and is gone from it; then it is the device it was paired as. */
import { render } from 'preact';
import { dress, followSystem } from '../dark';
import { keepShell } from '../shell';
import type { Pairing } from './ask';
import { Keep } from './keep';
import { Limits, Page } from './Page';
import { Phone } from './phone';
import { language, words } from './words';
import '../styles/tokens.css';
import './track.css';

const app = document.getElementById('app')!;
const here = (path: string) => new URL(path, new URL('.', location.href)).href;

document.documentElement.lang = language;
dress(followSystem());
document.title = words.title;
void keepShell();
void begin();
addEventListener('hashchange', () => location.reload()); // another code was scanned

const MANY = 'many-'; // before a code that works for many phones

async function begin(): Promise<void> {
  const keep = await Keep.open();
  const code = location.hash.slice(1);
  if (code !== '') {
    say(words.pairing);
    const refusal = await pair(keep, code);
    if (refusal !== null) return say(refusal, () => location.reload());
    history.replaceState(null, '', location.pathname + location.search);
  }
  const pairing = await keep.setting<Pairing>('pairing');
  if (pairing === undefined) return say(words.unpaired);
  const phone = new Phone(pairing, keep, here('ws/device?nocookie').replace(/^http/, 'ws'));
  await phone.wakeUp();
  render(<Page phone={phone} />, app);
}

/** Why not; null: it is done. A code that did not reach the server stays in the address and may be tried again. */
async function pair(keep: Keep, code: string): Promise<string | null> {
  // A link for many makes a device each time it is asked: opened again on this phone, it is the one that it made.
  if (code.startsWith(MANY) && (await keep.setting<string>('code')) === code) return null;
  const answer = await fetch(here('api/pairing'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code }),
  }).catch(() => null);
  if (answer === null || answer.status >= 500) return words.noServer;
  if (answer.status === 429) return words.pairLater(answer.headers.get('Retry-After') ?? '60');
  if (answer.status !== 201) {
    history.replaceState(null, '', location.pathname + location.search);
    return words.badCode;
  }
  const { device, token, name } = (await answer.json()) as Pairing;
  const before = await keep.setting<Pairing>('pairing');
  if (before?.device !== device) await keep.clear();
  await keep.set('pairing', { device, token, name });
  await keep.set('code', code);
  return null;
}

function say(text: string, again?: () => void): void {
  render(
    <main>
      <header>
        <h1>Tracker</h1>
      </header>
      <Limits />
      <p class="door" role="status">
        {text}
      </p>
      {again && (
        <button type="button" class="main" onClick={again}>
          {words.again}
        </button>
      )}
    </main>,
    app,
  );
}
