/**
 * The door: a token opens it, typed here or brought by the link on the server's terminal; where there are people, an
 * e-mail address and a password.
 */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../api/call';
import { goToProvider } from '../api/identities';
import { knowsPasskeys, signInByPasskey } from '../api/passkeys';
import { askForReset, type Doors, fetchDoors } from '../api/people';
import { type Key, signIn } from '../api/sign-in';
import { useAttempt } from '../people/attempt';
import { CodeLine } from '../people/CodeLine';
import { trySignIn } from '../people/entrance';
import { Line } from '../people/Line';
import { peopleWords } from '../people/words';
import { Mark } from './Icons';

interface Props {
  readonly why: string | null;
  readonly onSignedIn: () => void;
}

type Way = 'token' | 'password' | 'forgotten';

export function SignIn({ why, onSignedIn }: Props) {
  const [doors, setDoors] = useState<Doors | null>(null);
  const [way, setWay] = useState<Way>('token');
  useEffect(() => {
    const none = { people: false, mail: false, passkeys: false, provider: null };
    void fetchDoors()
      .catch(() => none)
      .then((found) => {
        setWay(found.people ? 'password' : 'token');
        setDoors(found);
      });
  }, []);
  if (doors === null) return <div class="door" aria-busy="true" />;
  return (
    <main class="door">
      {way === 'password' && <PasswordForm why={why} doors={doors} onSignedIn={onSignedIn} onWay={setWay} />}
      {way === 'forgotten' && <ForgottenForm mail={doors.mail} onWay={setWay} />}
      {way === 'token' && <TokenForm why={why} people={doors.people} onSignedIn={onSignedIn} onWay={setWay} />}
    </main>
  );
}

function PasswordForm({ why, doors, onSignedIn, onWay }: Props & { doors: Doors; onWay: (way: Way) => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const { busy, error, run } = useAttempt(why);
  const submit = async (event: Event) => {
    event.preventDefault();
    let asked = false;
    const done = await run(async () => {
      const shown = { email: email.trim(), password, ...(code === null ? {} : { code }) };
      asked = await signInOrBeAsked(shown, code !== null);
    });
    if (asked) setCode('');
    else if (done) onSignedIn();
  };
  const enter = async () => {
    let entered = false;
    if ((await run(async () => void (entered = await signInByPasskey()))) && entered) onSignedIn();
  };
  const said = peopleWords.value;
  return (
    <form class="card" onSubmit={(event) => void submit(event)}>
      <Mark size={44} />
      <h1>{said.signIn}</h1>
      <Line
        id="email"
        label={said.email}
        type="email"
        autocomplete="username"
        first
        wrong={error !== null}
        value={email}
        onInput={setEmail}
      />
      <Line
        id="password"
        label={said.password}
        type="password"
        autocomplete="current-password"
        wrong={error !== null}
        value={password}
        onInput={setPassword}
      />
      {code !== null && (
        <>
          <p role="status">{said.codeAsked}</p>
          <CodeLine value={code} hint={said.codeHint} onInput={setCode} />
        </>
      )}
      <Refusal text={error} />
      <button type="submit" class="primary" disabled={busy}>
        {busy ? said.signingIn : said.signIn}
      </button>
      {doors.passkeys && knowsPasskeys() && (
        <button type="button" class="secondary" disabled={busy} onClick={() => void enter()}>
          {said.withPasskey}
        </button>
      )}
      {doors.provider && (
        <button type="button" class="secondary" disabled={busy} onClick={() => void run(() => goToProvider())}>
          {said.withProvider(doors.provider)}
        </button>
      )}
      <p class="ways">
        <button type="button" class="text" onClick={() => onWay('forgotten')}>
          {said.forgotten}
        </button>
        <button type="button" class="text" onClick={() => onWay('token')}>
          {said.withToken}
        </button>
      </p>
    </form>
  );
}

function ForgottenForm({ mail, onWay }: { mail: boolean; onWay: (way: Way) => void }) {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, error, run } = useAttempt();
  const submit = async (event: Event) => {
    event.preventDefault();
    setSent(await run(() => askForReset(email.trim())));
  };
  const said = peopleWords.value;
  return (
    <form class="card" onSubmit={(event) => void submit(event)}>
      <h1>{said.forgotten}</h1>
      {mail && !sent && (
        <Line
          id="email"
          label={said.email}
          type="email"
          autocomplete="username"
          first
          value={email}
          onInput={setEmail}
        />
      )}
      {(sent || !mail) && <p role="status">{sent ? said.linkSent : said.askOwner}</p>}
      <Refusal text={error} />
      {mail && !sent && (
        <button type="submit" class="primary" disabled={busy}>
          {said.sendLink}
        </button>
      )}
      <p class="ways">
        <button type="button" class="text" onClick={() => onWay('password')}>
          {said.back}
        </button>
      </p>
    </form>
  );
}

function TokenForm({ why, people, onSignedIn, onWay }: Props & { people: boolean; onWay: (way: Way) => void }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState(why);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const refusal = await trySignIn({ token: token.trim() });
    setBusy(false);
    setError(refusal);
    if (refusal === null) onSignedIn();
  };
  const said = peopleWords.value;
  const [before, after] = said.tokenHint.split('{command}');
  return (
    <form class="card" onSubmit={(event) => void submit(event)}>
      <Mark size={44} />
      <h1>{said.signIn}</h1>
      <p>
        {before}
        <code>python3 -m tracker sign-in</code>
        {after}
      </p>
      <Line
        id="token"
        label={said.token}
        type="password"
        autocomplete="off"
        first
        wrong={error !== null}
        value={token}
        onInput={setToken}
      />
      <Refusal text={error} />
      <button type="submit" class="primary" disabled={busy || token.trim() === ''}>
        {busy ? said.signingIn : said.signIn}
      </button>
      {people && (
        <p class="ways">
          <button type="button" class="text" onClick={() => onWay('password')}>
            {said.withPassword}
          </button>
        </p>
      )}
    </form>
  );
}

/** True where the password is right and a code is asked for, too. */
async function signInOrBeAsked(key: Key, wasAsked: boolean): Promise<boolean> {
  try {
    await signIn(key);
    return false;
  } catch (error) {
    if (wasAsked || !(error instanceof ApiError) || error.field !== 'code') throw error;
    return true;
  }
}

export function Refusal({ text }: { text: string | null }) {
  return (
    <p class="error" role="alert">
      {text}
    </p>
  );
}
