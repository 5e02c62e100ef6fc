/** Who one is at the company's own sign-in, in the account. Nothing, where there is none. */
import { useEffect, useState } from 'preact/hooks';
import { type Bond, fetchIdentities, goToProvider, removeIdentity } from '../api/identities';
import { fetchDoors } from '../api/people';
import { Confirm } from '../panels/Confirm';
import { Refusal } from '../panels/SignIn';
import { useAttempt } from './attempt';
import { CurrentPassword } from './CurrentPassword';
import { peopleWords } from './words';

export function Identities({ person }: { person: number }) {
  const [provider, setProvider] = useState<string | null>(null);
  const [bonds, setBonds] = useState<readonly Bond[]>([]);
  const [current, setCurrent] = useState('');
  const { busy, error, run } = useAttempt();
  const read = () =>
    void run(async () => {
      setProvider((await fetchDoors()).provider);
      setBonds(await fetchIdentities(person));
    });
  useEffect(read, [person]);
  const said = peopleWords.value;
  if (provider === null && bonds.length === 0) return null;
  return (
    <details>
      <summary>{provider ?? said.provider}</summary>
      {bonds.length > 0 && (
        <ul class="rows">
          {bonds.map((each) => (
            <li key={each.id}>
              <span>
                {each.shown} <span class="soft">{each.issuer}</span>
              </span>
              <Confirm
                question={said.reallyRemove}
                yes={said.remove}
                onYes={() => void run(() => removeIdentity(person, each.id)).then(read)}
              >
                {said.remove}
              </Confirm>
            </li>
          ))}
        </ul>
      )}
      {provider && (
        <form
          class="lines"
          onSubmit={(event) => {
            event.preventDefault();
            void run(() => goToProvider({ current }));
          }}
        >
          <p class="soft">{said.providerHint(provider)}</p>
          <CurrentPassword id="provider-password" value={current} onInput={setCurrent} />
          <Refusal text={error} />
          <button type="submit" class="primary" disabled={busy}>
            {said.bind}
          </button>
        </form>
      )}
    </details>
  );
}
