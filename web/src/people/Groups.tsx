/** Groups: in which one is, with which role, and for who manages one, the people and things in it. */
import { useEffect, useState } from 'preact/hooks';
import { fetchDevices } from '../api/devices';
import {
  fetchMembersOf,
  type Group,
  giveRole,
  type Member,
  type MemberKind,
  makeGroup,
  putInto,
  removeGroup,
  takeOut,
} from '../api/groups';
import type { Person } from '../api/people';
import { Confirm } from '../panels/Confirm';
import { Name } from '../panels/Name';
import { geofenceNames, groupsChanged } from '../state';
import { useAttempt } from './attempt';
import { groupWords } from './group-words';
import { Line } from './Line';
import { RoleOptions } from './RoleOptions';
import { peopleWords } from './words';

const THINGS = ['devices', 'geofences'] as const;

interface Props {
  readonly groups: readonly Group[];
  readonly people: readonly Person[];
  readonly self: Person;
  readonly onChanged: () => void;
}

/** Nothing where there are none, and one may make none. */
export function Groups({ groups, people, self, onChanged }: Props) {
  const said = groupWords.value;
  const changed = () => {
    groupsChanged.value++;
    onChanged();
  };
  if (groups.length === 0 && !self.owner) return null;
  return (
    <section class="groups" aria-label={said.groups}>
      <h3>{said.groups}</h3>
      {groups.length === 0 && <p class="soft">{said.groupsHint}</p>}
      {groups.map((group) => (
        <OneGroup key={group.id} group={group} people={people} self={self} onChanged={changed} />
      ))}
      {self.owner && <NewGroup onMade={changed} />}
    </section>
  );
}

function roleIn(group: Group, self: Person): string | null {
  return self.groups.find((each) => each.id === group.id)?.role ?? null;
}

function OneGroup({ group, people, self, onChanged }: Omit<Props, 'groups'> & { group: Group }) {
  const [isOpen, setOpen] = useState(false);
  const role = roleIn(group, self);
  const manages = self.owner || role === 'manager';
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Name text={group.name} />{' '}
        <span class="soft">{role === null ? peopleWords.value.owner : (peopleWords.value.roles[role] ?? role)}</span>
      </summary>
      {isOpen && manages && <Inhabitants group={group} people={people} onChanged={onChanged} />}
      {isOpen && THINGS.map((kind) => <Contents key={kind} group={group} kind={kind} manages={manages} />)}
      {self.owner && <Removal group={group} onChanged={onChanged} />}
    </details>
  );
}

function Removal({ group, onChanged }: { group: Group; onChanged: () => void }) {
  const { error, run } = useAttempt();
  const said = groupWords.value;
  return (
    <p>
      {error && <span role="alert">{error}</span>}
      <Confirm
        question={said.reallyRemoveGroup}
        yes={peopleWords.value.remove}
        onYes={() => void run(() => removeGroup(group.id)).then(onChanged)}
      >
        {said.removeGroup}
      </Confirm>
    </p>
  );
}

/** What is in a group, read when it is opened and after each change. */
function useMembersOf(group: string, kind: MemberKind) {
  const [members, setMembers] = useState<readonly Member[] | null>(null);
  const { error, run } = useAttempt();
  const read = () => void run(async () => setMembers(await fetchMembersOf(group, kind)));
  useEffect(read, [group, kind]);
  const change = (work: () => Promise<void>) =>
    run(async () => {
      await work();
      setMembers(await fetchMembersOf(group, kind));
    });
  return { members, error, change };
}

/** The people of a group and their roles. Who is not here yet is invited. */
function Inhabitants({ group, people, onChanged }: Omit<Props, 'groups' | 'self'> & { group: Group }) {
  const { members, error, change } = useMembersOf(group.id, 'people');
  const said = groupWords.value;
  const known = new Map(people.map((each) => [String(each.id), each]));
  const others = people.filter((each) => !members?.some(({ id }) => id === String(each.id)));
  const then = (work: () => Promise<void>) => void change(work).then(onChanged);
  return (
    <div class="members" role="group" aria-label={peopleWords.value.people}>
      <h4>{peopleWords.value.people}</h4>
      {error && <p role="alert">{error}</p>}
      <ul class="rows">
        {members?.map((member) => (
          <li key={member.id}>
            <span>
              {known.get(member.id)?.name ?? member.id} <span class="soft">{known.get(member.id)?.email}</span>
            </span>
            <span class="buttons">
              <RolePick
                label={said.roleOf(known.get(member.id)?.name ?? member.id)}
                role={member.role ?? 'viewer'}
                onPick={(role) => then(() => giveRole(group.id, member.id, role))}
              />
              <Confirm
                question={said.reallyTakeOut}
                yes={said.takeOut}
                onYes={() => then(() => takeOut(group.id, 'people', member.id))}
              >
                {said.takeOut}
              </Confirm>
            </span>
          </li>
        ))}
      </ul>
      <Adding
        label={said.addPerson}
        from={others.map((each) => [String(each.id), `${each.name} (${each.email})`])}
        onPick={(id) => then(() => giveRole(group.id, id, 'viewer'))}
      />
    </div>
  );
}

interface RolePickProps {
  readonly label: string;
  readonly role: string;
  readonly onPick: (role: string) => void;
}

function RolePick({ label, role, onPick }: RolePickProps) {
  return (
    <select aria-label={label} value={role} onChange={(event) => onPick(event.currentTarget.value)}>
      <RoleOptions />
    </select>
  );
}

interface ContentsProps {
  readonly group: Group;
  readonly kind: (typeof THINGS)[number];
  readonly manages: boolean;
}

/** The devices or geofences of a group. What is offered is what one sees; the server says what one may put in. */
function Contents({ group, kind, manages }: ContentsProps) {
  const { members, error, change } = useMembersOf(group.id, kind);
  const names = useNames(kind);
  const said = groupWords.value;
  const isIn = new Set(members?.map((each) => each.id));
  return (
    <div class="members" role="group" aria-label={said.things[kind]}>
      <h4>{said.things[kind]}</h4>
      {error && <p role="alert">{error}</p>}
      {members?.length === 0 && <p class="soft">{said.noThings}</p>}
      <ul class="rows">
        {members?.map(({ id }) => (
          <li key={id}>
            <Name text={names.get(id) ?? id} />
            {manages && (
              <button
                type="button"
                aria-label={said.takeOutOf(names.get(id) ?? id)}
                onClick={() => void change(() => takeOut(group.id, kind, id))}
              >
                {said.takeOut}
              </button>
            )}
          </li>
        ))}
      </ul>
      {manages && (
        <Adding
          label={said.addThing[kind]!}
          from={[...names].filter(([id]) => !isIn.has(id))}
          onPick={(id) => void change(() => putInto(group.id, kind, id))}
        />
      )}
    </div>
  );
}

function useNames(kind: (typeof THINGS)[number]): ReadonlyMap<string, string> {
  const [devices, setDevices] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    if (kind !== 'devices') return;
    fetchDevices().then(
      (found) => setDevices(new Map(found.map((each) => [each.id, each.name]))),
      () => {}, // then ids are shown
    );
  }, [kind]);
  return kind === 'devices' ? devices : geofenceNames.value;
}

interface AddingProps {
  readonly label: string;
  readonly from: readonly (readonly [string, string])[];
  readonly onPick: (id: string) => void;
}

function Adding({ label, from, onPick }: AddingProps) {
  if (from.length === 0) return null;
  return (
    <select
      aria-label={label}
      value=""
      onChange={(event) => event.currentTarget.value && onPick(event.currentTarget.value)}
    >
      <option value="">{label}</option>
      {from.map(([id, name]) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

function NewGroup({ onMade }: { onMade: () => void }) {
  const [name, setName] = useState('');
  const { busy, error, run } = useAttempt();
  const said = groupWords.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!(await run(async () => void (await makeGroup(name.trim()))))) return;
    setName('');
    onMade();
  };
  return (
    <form class="lines" onSubmit={(event) => void submit(event)}>
      <Line id="new-group" label={said.newGroup} autocomplete="off" value={name} onInput={setName} />
      {error && <p role="alert">{error}</p>}
      <button type="submit" disabled={busy || name.trim() === ''}>
        {said.makeGroup}
      </button>
    </form>
  );
}
