/** The second factor in one's account: off, being set up, or on. */
import { useEffect, useState } from 'preact/hooks';
import {
  beginFactor,
  type Factor,
  type FactorSecret,
  fetchFactor,
  turnFactorOff,
  turnFactorOn,
} from '../api/second-factor';
import { QrCode } from '../panels/QrCode';
import { Refusal } from '../panels/SignIn';
import { useAttempt } from './attempt';
import { CodeLine } from './CodeLine';
import { CurrentPassword } from './CurrentPassword';
import { peopleWords } from './words';

export function SecondFactor({ person }: { person: number }) {
  const [factor, setFactor] = useState<Factor | null>(null);
  const { error, run } = useAttempt();
  const read = () => void run(async () => setFactor(await fetchFactor(person)));
  useEffect(read, [person]);
  const said = peopleWords.value;
  return (
    <details>
      <summary>
        {said.factor} {factor && <span class="soft">{factor.on ? said.factorOn : said.factorOff}</span>}
      </summary>
      <Refusal text={error} />
      {factor?.on === false && <SetUp person={person} onDone={read} />}
      {factor?.on === true && <TurnOff person={person} left={factor.recoveryCodes} onDone={read} />}
    </details>
  );
}

function SetUp({ person, onDone }: { person: number; onDone: () => void }) {
  const [current, setCurrent] = useState('');
  const [code, setCode] = useState('');
  const [made, setMade] = useState<FactorSecret | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      if (made === null) setMade(await beginFactor(person, current));
      else setCodes(await turnFactorOn(person, code));
    });
  };
  if (codes) return <RecoveryCodes codes={codes} onDone={onDone} />;
  return (
    <form class="lines" onSubmit={submit}>
      <p class="soft">{made ? said.factorScan : said.factorHint}</p>
      {made ? (
        <>
          <QrCode text={made.url} label={said.factorQr} />
          <p>
            {said.factorType} <code>{made.secret.match(/.{1,4}/g)?.join(' ')}</code>
          </p>
          <CodeLine value={code} onInput={setCode} />
        </>
      ) : (
        <CurrentPassword id="factor-password" value={current} onInput={setCurrent} />
      )}
      <Refusal text={error} />
      <button type="submit" class="primary" disabled={busy}>
        {made ? said.factorConfirm : said.factorSetUp}
      </button>
    </form>
  );
}

function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const said = peopleWords.value;
  return (
    <div class="lines" role="status">
      <p>{said.recoveryHint}</p>
      <ul class="codes">
        {codes.map((each) => (
          <li key={each}>
            <code>{each}</code>
          </li>
        ))}
      </ul>
      <button type="button" class="primary" onClick={onDone}>
        {said.recoveryKept}
      </button>
    </div>
  );
}

function TurnOff({ person, left, onDone }: { person: number; left: number; onDone: () => void }) {
  const [current, setCurrent] = useState('');
  const [code, setCode] = useState('');
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(() => turnFactorOff(person, current, code))) onDone();
  };
  return (
    <form class="lines" onSubmit={(event) => void submit(event)}>
      <p class="soft">{said.recoveryLeft(left)}</p>
      <CurrentPassword id="factor-password" value={current} onInput={setCurrent} />
      <CodeLine value={code} hint={said.codeHint} onInput={setCode} />
      <Refusal text={error} />
      <button type="submit" class="primary" disabled={busy}>
        {said.factorTurnOff}
      </button>
    </form>
  );
}
