/** What a link in a letter leads to: an invitation to accept, or a new password to set. The code is in no address by now. */
import { useEffect, useState } from 'preact/hooks';
import { goToProvider } from '../api/identities';
import { acceptInvitation, fetchDoors, type Invitation, resetPassword, showInvitation } from '../api/people';
import { useAttempt } from '../people/attempt';
import { Line } from '../people/Line';
import { peopleWords } from '../people/words';
import type { Code } from '../state';
import { Mark } from './Icons';
import { Refusal, SignIn } from './SignIn';

interface Props {
  readonly code: Code;
  readonly person: string | null;
  readonly onDone: () => void;
}

/** `person`: the name of who is signed in. */
export function CodePage({ code, person, onDone }: Props) {
  return code.kind === 'password' ? (
    <NewPassword code={code.code} onDone={onDone} />
  ) : (
    <Invited code={code.code} person={person} onDone={onDone} />
  );
}

function Invited({ code, person, onDone }: { code: string; person: string | null; onDone: () => void }) {
  const [shown, setShown] = useState<Invitation | null>(null);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [asked, setAsked] = useState(false);
  const [provider, setProvider] = useState<string | null>(null);
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  useEffect(() => void run(async () => setShown(await showInvitation(code))), [code]);
  useEffect(() => void run(async () => setProvider((await fetchDoors()).provider)), []);
  const join = async (account: object) => {
    if (await run(() => acceptInvitation(code, account))) onDone();
  };
  if (asked) return <SignIn why={null} onSignedIn={() => void join({})} />;
  const isNew = person === null && shown?.account === false;
  const submit = (event: Event) => {
    event.preventDefault();
    if (person === null && !isNew) setAsked(true);
    else void join(isNew ? { name: name.trim(), password } : {});
  };
  return (
    <main class="door">
      <form class="card" onSubmit={submit}>
        <Mark size={44} />
        {shown && (
          <>
            <h1>{said.invitedTo(shown.name)}</h1>
            <p>{said.invitedAs(shown.email, said.roles[shown.role] ?? shown.role)}</p>
          </>
        )}
        {shown && person === null && shown.account && <p>{said.signInFirst}</p>}
        {isNew && (
          <>
            <Line id="name" label={said.name} autocomplete="name" first value={name} onInput={setName} />
            <Line
              id="new-password"
              label={said.password}
              type="password"
              autocomplete="new-password"
              hint={said.passwordHint}
              value={password}
              onInput={setPassword}
            />
          </>
        )}
        <Refusal text={error} />
        {shown ? (
          <button type="submit" class="primary" disabled={busy}>
            {person === null && !isNew ? said.signIn : said.join}
          </button>
        ) : (
          <Leave onDone={onDone} />
        )}
        {isNew && provider && (
          <button
            type="button"
            class="secondary"
            disabled={busy}
            onClick={() => void run(() => goToProvider({ invitation: code }))}
          >
            {said.joinWithProvider(provider)}
          </button>
        )}
      </form>
    </main>
  );
}

function NewPassword({ code, onDone }: { code: string; onDone: () => void }) {
  const [password, setPassword] = useState('');
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(() => resetPassword(code, password))) onDone();
  };
  return (
    <main class="door">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <Mark size={44} />
        <h1>{said.setPassword}</h1>
        <p>{said.setPasswordHint}</p>
        <Line
          id="new-password"
          label={said.newPassword}
          type="password"
          autocomplete="new-password"
          first
          hint={said.passwordHint}
          wrong={error !== null}
          value={password}
          onInput={setPassword}
        />
        <Refusal text={error} />
        <button type="submit" class="primary" disabled={busy}>
          {said.save}
        </button>
        <Leave onDone={onDone} />
      </form>
    </main>
  );
}

function Leave({ onDone }: { onDone: () => void }) {
  return (
    <p class="ways">
      <button type="button" class="text" onClick={onDone}>
        {peopleWords.value.signIn}
      </button>
    </p>
  );
}
