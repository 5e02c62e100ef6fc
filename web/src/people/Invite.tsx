/** Somebody is asked to come, into a group: by a link, which is mailed where the server can. */
import { useEffect, useState } from 'preact/hooks';
import { fetchGroups, type Group } from '../api/groups';
import { type Invited, invite, type Person } from '../api/people';
import { Refusal } from '../panels/SignIn';
import { groupsChanged } from '../state';
import { useAttempt } from './attempt';
import { Line } from './Line';
import { RoleOptions } from './RoleOptions';
import { peopleWords } from './words';

export function Invite({ self }: { self: Person }) {
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const [email, setEmail] = useState('');
  const [group, setGroup] = useState('');
  const [role, setRole] = useState('viewer');
  const [made, setMade] = useState<Invited | null>(null);
  const { busy, error, run } = useAttempt();
  const said = peopleWords.value;
  useEffect(() => {
    const mine = new Set(self.groups.filter((each) => each.role === 'manager').map((each) => each.id));
    void run(async () => {
      const found = (await fetchGroups()).filter((each) => self.owner || mine.has(each.id));
      setGroups(found);
      if (!found.some((each) => each.id === group)) setGroup(found[0]?.id ?? '');
    });
  }, [groupsChanged.value]);
  if (groups.length === 0) return null;
  const submit = async (event: Event) => {
    event.preventDefault();
    setMade(null);
    if (await run(async () => setMade(await invite(email.trim(), group, role)))) setEmail('');
  };
  return (
    <form class="lines" onSubmit={(event) => void submit(event)}>
      <h3>{said.invite}</h3>
      <Line id="invite-email" label={said.email} type="email" autocomplete="off" value={email} onInput={setEmail} />
      <div class="two">
        <div class="line">
          <label for="invite-group">{said.group}</label>
          <select id="invite-group" value={group} onChange={(event) => setGroup(event.currentTarget.value)}>
            {groups.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name}
              </option>
            ))}
          </select>
        </div>
        <div class="line">
          <label for="invite-role">{said.role}</label>
          <select id="invite-role" value={role} onChange={(event) => setRole(event.currentTarget.value)}>
            <RoleOptions />
          </select>
        </div>
      </div>
      <Refusal text={error} />
      {made && <Link link={made.link} mailed={made.mailed} />}
      <button type="submit" class="primary" disabled={busy}>
        {said.makeLink}
      </button>
    </form>
  );
}

export function Link({ link, mailed }: { link: string; mailed: boolean }) {
  const said = peopleWords.value;
  return (
    <div class="handed" role="status">
      <p>
        {said.handOver} {mailed && said.mailed}
      </p>
      <code>{link}</code>
    </div>
  );
}
