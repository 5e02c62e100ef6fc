/** The door: a token opens it, typed here or brought by the link on the server's terminal. */
import { useState } from 'preact/hooks';
import { ApiError } from '../api/call';
import { signIn } from '../api/sign-in';
import { Mark } from './Icons';

interface Props {
  readonly why: string | null;
  readonly onSignedIn: () => void;
}

export function SignIn({ why, onSignedIn }: Props) {
  const [token, setToken] = useState('');
  const [error, setError] = useState(why);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const refusal = await trySignIn(token.trim());
    setBusy(false);
    setError(refusal);
    if (refusal === null) onSignedIn();
  };
  return (
    <main class="door">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <Mark size={44} />
        <h1>Sign in</h1>
        <p>Paste a viewer or admin token. The demo prints a link that signs in; <code>python3 -m tracker token create --kind viewer</code> makes a token.</p>
        <label for="token">Token</label>
        <input id="token" type="password" autocomplete="off" spellcheck={false} required autofocus value={token}
          aria-invalid={error !== null} aria-describedby="door-error" onInput={(event) => setToken(event.currentTarget.value)} />
        <p id="door-error" class="error" role="alert">{error}</p>
        <button type="submit" class="primary" disabled={busy || token.trim() === ''}>{busy ? 'Signing in…' : 'Sign in'}</button>
      </form>
    </main>
  );
}

/** Null where the token opened the door, else a sentence. */
export async function trySignIn(token: string): Promise<string | null> {
  try {
    await signIn(token);
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) return 'The server does not answer. Is it running?';
    if (error.status === 401 || error.status === 422) return 'This token is not known, or was revoked.';
    return error.message;
  }
}
