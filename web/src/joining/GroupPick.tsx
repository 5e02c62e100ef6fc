/** Into which group devices are put. */
import { useEffect, useState } from 'preact/hooks';
import { fetchGroups, type Group } from '../api/groups';
import { joiningWords } from './words';

/** Null until the server has answered. */
export function useGroups(): readonly Group[] | null {
  const [groups, setGroups] = useState<readonly Group[] | null>(null);
  useEffect(
    () =>
      void fetchGroups().then(setGroups, () => {
        setGroups([]);
      }),
    [],
  );
  return groups;
}

interface Props {
  readonly id: string;
  readonly groups: readonly Group[];
  readonly value: string;
  readonly none?: string; // what no group is called, where that is possible
  readonly onPick: (group: string) => void;
  readonly disabled?: boolean;
}

export function GroupPick({ id, groups, value, none, onPick, disabled = false }: Props) {
  return (
    <div class="field">
      <label for={id}>{joiningWords.value.group}</label>
      <select id={id} value={value} disabled={disabled} onChange={(event) => onPick(event.currentTarget.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {groups.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </select>
    </div>
  );
}
