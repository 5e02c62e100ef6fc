/** The door: a token opens it, typed here or brought by the link on the server's terminal. */
import { useState } from 'preact/hooks';
import { ApiError } from '../api/call';
import { type Key, signIn } from '../api/sign-in';
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
    const refusal = await trySignIn({ token: token.trim() });
    setBusy(false);
    setError(refusal);
    if (refusal === null) onSignedIn();
  };
  return (
    <main class="door">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <Mark size={44} />
        <h1>Sign in</h1>
        <p>
          Paste a viewer or admin token. On the server, <code>python3 -m tracker sign-in</code> prints a link that signs
          in.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          autofocus
          value={token}
          aria-invalid={error !== null}
          aria-describedby="door-error"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p id="door-error" class="error" role="alert">
          {error}
        </p>
        <button type="submit" class="primary" disabled={busy || token.trim() === ''}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}

/** Null where the key opened the door, else a sentence. */
export async function trySignIn(key: Key): Promise<string | null> {
  try {
    await signIn(key);
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) return 'The server does not answer. Is it running?';
    if (error.status === 401 && 'link' in key)
      return 'This link was used, or is too old. On the server, tracker sign-in makes a new one.';
    if (error.status === 401 || error.status === 422) return 'This token is not known, or was revoked.';
    return error.message;
  }
}
