/** In which of one's groups a device of one's own is shown: in none, until its person says so. */
import { useEffect, useState } from 'preact/hooks';
import { fetchGroups, fetchMembersOf, type Group, putInto, takeOut } from '../api/groups';
import { Name } from '../panels/Name';
import { groupsChanged, me } from '../state';
import { useAttempt } from './attempt';
import { groupWords } from './group-words';

export function ShownIn({ id }: { id: string }) {
  const [groups, setGroups] = useState<readonly Group[]>([]);
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set());
  const { error, run } = useAttempt();
  const said = groupWords.value;
  const read = async () => {
    const mine = new Set(me.value?.groups.map((each) => each.id));
    const found = (await fetchGroups()).filter((each) => mine.has(each.id) || me.value?.owner);
    const holds = await Promise.all(found.map((each) => fetchMembersOf(each.id, 'devices')));
    setGroups(found);
    setShown(new Set(found.filter((_, number) => holds[number]!.some((it) => it.id === id)).map((each) => each.id)));
  };
  useEffect(() => void run(read), [id]);
  const turn = (group: string) => {
    const was = shown.has(group);
    setShown(new Set(was ? [...shown].filter((each) => each !== group) : [...shown, group])); // a box turns at once
    void run(() => (was ? takeOut(group, 'devices', id) : putInto(group, 'devices', id))).then((done) => {
      if (!done) setShown(shown);
      groupsChanged.value++;
    });
  };
  return (
    <fieldset class="shown-in">
      <legend>{said.shownTo}</legend>
      {groups.map((each) => (
        <label key={each.id}>
          <input type="checkbox" checked={shown.has(each.id)} onChange={() => turn(each.id)} />{' '}
          <Name text={each.name} />
        </label>
      ))}
      {shown.size === 0 && <p class="hint">{said.onlyYou}</p>}
      {error && <p role="alert">{error}</p>}
    </fieldset>
  );
}
