/** Groups as views: whose devices are listed, and what one may be in each. Nothing where there are no groups. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { fetchGroups, type Group } from '../api/groups';
import { peopleWords } from '../people/words';
import { finding, groupsChanged, me } from '../state';
import { words } from '../words';
import { isolated } from './Name';

export function GroupView() {
  const groups = useGroups();
  if (groups.length === 0) return null;
  const said = words.value.devices;
  return (
    <div class={finding.value.group === null ? 'group-view' : 'group-view chosen'}>
      <label for="group-view">{said.group}</label>
      <select
        id="group-view"
        value={finding.value.group ?? ''}
        onChange={(event) => (finding.value = { ...finding.value, group: event.currentTarget.value || null })}
      >
        <option value="">{said.allGroups}</option>
        {groups.map((each) => (
          <option key={each.id} value={each.id}>
            {nameWithRole(each)}
          </option>
        ))}
      </select>
    </div>
  );
}

function nameWithRole({ id, name }: Group): string {
  const role = me.value?.groups.find((each) => each.id === id)?.role;
  return role === undefined ? name : `${isolated(name)} (${peopleWords.value.roles[role] ?? role})`;
}

/** Those one may see; a reader in none is asked nothing. */
function useGroups(): readonly Group[] {
  const groups = useSignal<readonly Group[]>([]);
  useEffect(() => {
    fetchGroups().then(
      (found) => (groups.value = found),
      () => {}, // without them there is one filter less
    );
  }, [groupsChanged.value]);
  return groups.value;
}
