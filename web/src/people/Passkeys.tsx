/** One's passkeys, in the account. */
import { useEffect, useState } from 'preact/hooks';
import { fetchPasskeys, knowsPasskeys, makePasskey, type Passkey, removePasskey } from '../api/passkeys';
import { Confirm } from '../panels/Confirm';
import { Refusal } from '../panels/SignIn';
import { locale } from '../words';
import { useAttempt } from './attempt';
import { CurrentPassword } from './CurrentPassword';
import { Line } from './Line';
import { peopleWords } from './words';

export function Passkeys({ person }: { person: number }) {
  const [passkeys, setPasskeys] = useState<readonly Passkey[] | null>(null);
  const { error, run } = useAttempt();
  const read = () => void run(async () => setPasskeys(await fetchPasskeys(person)));
  useEffect(read, [person]);
  const said = peopleWords.value;
  return (
    <details>
      <summary>
        {said.passkeys} {passkeys && <span class="soft">{passkeys.length > 0 ? passkeys.length : said.factorOff}</span>}
      </summary>
      <Refusal text={error} />
      {passkeys && passkeys.length > 0 && (
        <ul class="rows">
          {passkeys.map((each) => (
            <li key={each.id}>
              <span>
                {each.name} <span class="soft">{each.site}</span>
                <br />
                <span class="soft">{each.usedAt === null ? said.neverUsed : said.lastUsed(say(each.usedAt))}</span>
              </span>
              <Confirm
                question={said.reallyRemovePasskey}
                yes={said.remove}
                onYes={() => void run(() => removePasskey(person, each.id)).then(read)}
              >
                {said.remove}
              </Confirm>
            </li>
          ))}
        </ul>
      )}
      {knowsPasskeys() ? <Add person={person} onDone={read} /> : <p class="soft">{said.noPasskeys}</p>}
    </details>
  );
}

function Add({ person, onDone }: { person: number; onDone: () => void }) {
  const [current, setCurrent] = useState('');
  const [name, setName] = useState('');
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    let made = false;
    if (!(await run(async () => void (made = await makePasskey(person, current, name.trim())))) || !made) return;
    setCurrent('');
    setName('');
    onDone();
  };
  return (
    <form class="lines" onSubmit={(event) => void submit(event)}>
      <p class="soft">{said.passkeyHint}</p>
      <Line
        id="passkey-name"
        label={said.passkeyName}
        autocomplete="off"
        hint={said.passkeyNameHint}
        value={name}
        onInput={setName}
      />
      <CurrentPassword id="passkey-password" value={current} onInput={setCurrent} />
      <Refusal text={error} />
      <button type="submit" class="primary" disabled={busy}>
        {said.addPasskey}
      </button>
    </form>
  );
}

function say(ms: number): string {
  return new Date(ms).toLocaleString(locale.value, { dateStyle: 'medium', timeStyle: 'short' });
}
