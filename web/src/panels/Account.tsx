/** Who one is, where one is signed in, and for owners and managers who else comes in. */
import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fetchGroups, type Group } from '../api/groups';
import {
  changePerson,
  endSession,
  fetchPeople,
  fetchSessions,
  makePerson,
  makeResetLink,
  type OpenSession,
  type Person,
  removePerson,
} from '../api/people';
import { resetFactor } from '../api/second-factor';
import { signIn } from '../api/sign-in';
import { useFocus } from '../focus';
import { Audit } from '../people/Audit';
import { useAttempt } from '../people/attempt';
import { CurrentPassword } from '../people/CurrentPassword';
import { Data } from '../people/Data';
import { Groups } from '../people/Groups';
import { Identities } from '../people/Identities';
import { Invite, Link } from '../people/Invite';
import { Line } from '../people/Line';
import { Passkeys } from '../people/Passkeys';
import { SecondFactor } from '../people/SecondFactor';
import { peopleWords } from '../people/words';
import { me } from '../state';
import { locale } from '../words';
import { Confirm } from './Confirm';
import { CloseIcon } from './Icons';
import { Name } from './Name';
import { Refusal } from './SignIn';

/** `onChanged`: one is somebody else now. */
export function Account({ onClose, onChanged }: { onClose: () => void; onChanged: () => void }) {
  const close = useFocus<HTMLButtonElement>();
  const said = peopleWords.value;
  const person = me.value?.person ?? null;
  return (
    <div class="veil" onClick={onClose}>
      <section
        class="account card"
        role="dialog"
        aria-modal="true"
        aria-label={said.account}
        onClick={(event) => event.stopPropagation()}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      >
        <header>
          <h2>{said.account}</h2>
          <button type="button" class="quiet" aria-label={said.close} ref={close} onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {person === null ? <First onChanged={onChanged} /> : <Own person={person} />}
      </section>
    </div>
  );
}

function First({ onChanged }: { onChanged: () => void }) {
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    const done = await run(async () => {
      await makePerson(email.trim(), name.trim(), password);
      await signIn({ email: email.trim(), password });
    });
    if (done) onChanged();
  };
  return (
    <form class="lines" onSubmit={(event) => void submit(event)}>
      <h3>{said.first}</h3>
      <p class="soft">{said.firstHint}</p>
      <Line id="first-name" label={said.name} autocomplete="name" value={name} onInput={setName} />
      <Line id="first-email" label={said.email} type="email" autocomplete="username" value={email} onInput={setEmail} />
      <Line
        id="first-password"
        label={said.password}
        type="password"
        autocomplete="new-password"
        hint={said.passwordHint}
        value={password}
        onInput={setPassword}
      />
      <Refusal text={error} />
      <button type="submit" class="primary" disabled={busy}>
        {said.become}
      </button>
    </form>
  );
}

function Own({ person }: { person: number }) {
  const [people, setPeople] = useState<readonly Person[]>([]);
  const [sessions, setSessions] = useState<readonly OpenSession[]>([]);
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const { error, run } = useAttempt();
  const read = () =>
    void run(async () => {
      const named = fetchGroups().catch(() => groups); // without them ids stand where their names would
      const all = await Promise.all([named, fetchPeople(), fetchSessions(person)]);
      setGroups(all[0]);
      setPeople(all[1]);
      setSessions(all[2]);
    });
  useEffect(read, [person]);
  const said = peopleWords.value;
  const self = people.find((each) => each.id === person);
  const isManager = self?.owner || self?.groups.some((each) => each.role === 'manager');
  return (
    <>
      <Refusal text={error} />
      {self && (
        <p class="self">
          <strong>{self.name}</strong> <span class="soft">{self.email}</span>
          <Roles person={self} groups={groups} />
        </p>
      )}
      {self && <Groups groups={groups} people={people} self={self} onChanged={read} />}
      {self && isManager && <Invite self={self} />}
      <h3>{said.sessions}</h3>
      <ul class="rows">
        {sessions.map((each) => (
          <li key={each.id}>
            <span>
              {nameProgram(each.program)} <span class="soft">{each.address}</span>
              <br />
              <span class="soft">{each.current ? said.thisOne : said.lastSeen(say(each.seen))}</span>
            </span>
            {!each.current && (
              <Confirm
                question={said.reallyEnd}
                yes={said.end}
                onYes={() => void run(() => endSession(person, each.id)).then(read)}
              >
                {said.end}
              </Confirm>
            )}
          </li>
        ))}
      </ul>
      <NewPassword person={person} />
      <SecondFactor person={person} />
      <Passkeys person={person} />
      <Identities person={person} />
      <Data person={person} />
      {isManager && people.length > 1 && (
        <People
          people={people.filter((each) => each.id !== person)}
          groups={groups}
          owner={self?.owner === true}
          onChanged={read}
        />
      )}
      {isManager && <Audit />}
    </>
  );
}

/** What one may where. A group that the reader does not see has no name here. */
function Roles({ person, groups }: { person: Person; groups: readonly Group[] }) {
  const said = peopleWords.value;
  const names = new Map(groups.map((each) => [each.id, each.name]));
  if (!person.owner && person.groups.length === 0) return <span class="roles soft">{said.noGroup}</span>;
  return (
    <span class="roles soft">
      {person.owner && said.owner}
      {person.groups.map(({ id, role }, i) => (
        <Fragment key={id}>
          {(person.owner || i > 0) && ', '}
          <Name text={names.get(id) ?? id} />: {said.roles[role] ?? role}
        </Fragment>
      ))}
    </span>
  );
}

function NewPassword({ person }: { person: number }) {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [saved, setSaved] = useState(false);
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!(await run(() => changePerson(person, { password, current })))) return;
    setSaved(true);
    setCurrent('');
    setPassword('');
  };
  return (
    <details>
      <summary>{said.change}</summary>
      <form class="lines" onSubmit={(event) => void submit(event)}>
        <CurrentPassword id="current" label={said.current} value={current} onInput={setCurrent} />
        <Line
          id="new-password"
          label={said.newPassword}
          type="password"
          autocomplete="new-password"
          hint={said.passwordHint}
          value={password}
          onInput={setPassword}
        />
        <Refusal text={error} />
        {saved && !error && <p role="status">{said.saved}</p>}
        <button type="submit" class="primary" disabled={busy}>
          {said.save}
        </button>
      </form>
    </details>
  );
}

interface PeopleProps {
  readonly people: readonly Person[];
  readonly groups: readonly Group[];
  readonly owner: boolean;
  readonly onChanged: () => void;
}

function People({ people, groups, owner, onChanged }: PeopleProps) {
  const [link, setLink] = useState<string | null>(null);
  const { error, run } = useAttempt();
  const said = peopleWords.value;
  return (
    <>
      <h3>{said.people}</h3>
      <Refusal text={error} />
      {link && <Link link={link} mailed={false} />}
      <ul class="rows">
        {people.map((each) => (
          <li key={each.id}>
            <span>
              {each.name} <span class="soft">{each.email}</span>
              <br />
              <Roles person={each} groups={groups} />
            </span>
            {owner && (
              <span class="buttons">
                <button type="button" onClick={() => void run(async () => setLink(await makeResetLink(each.id)))}>
                  {said.resetLink}
                </button>
                <Confirm
                  question={said.reallyReset}
                  yes={said.factorTurnOff}
                  onYes={() => void run(() => resetFactor(each.id)).then(onChanged)}
                >
                  {said.factorReset}
                </Confirm>
                <Confirm
                  question={said.reallyRemove}
                  yes={said.remove}
                  onYes={() => void run(() => removePerson(each.id)).then(onChanged)}
                >
                  {said.remove}
                </Confirm>
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What a browser calls itself is long and says little: its maker, and what it runs on. */
function nameProgram(program: string): string {
  const maker = /(Edg|OPR|Firefox|Chrome|Safari)/.exec(program)?.[1] ?? program.split('/')[0] ?? '';
  const system = /(Android|iPhone|iPad|Windows|Macintosh|Linux)/.exec(program)?.[1];
  const name = { Edg: 'Edge', OPR: 'Opera' }[maker] ?? maker;
  return system ? `${name}, ${system === 'Macintosh' ? 'Mac' : system}` : name;
}

function say(ms: number): string {
  return new Date(ms).toLocaleString(locale.value, { dateStyle: 'medium', timeStyle: 'short' });
}
