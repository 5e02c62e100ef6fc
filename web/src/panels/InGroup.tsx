/** Who manages several groups says which one is to hold what is new. */
import { useEffect } from 'preact/hooks';
import type { Group } from '../api/groups';
import { GroupPick, useGroups } from '../joining/GroupPick';
import { managed } from '../state';

interface Props {
  readonly id: string;
  readonly group: string;
  readonly onPick: (group: string) => void;
  readonly disabled?: boolean;
}

/** Nothing where there is nothing to pick from. */
export function InGroup(props: Props) {
  return managed.value.length > 1 ? <Several {...props} /> : null;
}

/** The one to take where the one that is named is none of them; null where nothing is to change, or none is known. */
export function instead(mine: readonly Group[], group: string): string | null {
  return mine.some((each) => each.id === group) ? null : (mine[0]?.id ?? null);
}

function Several({ group, onPick, ...more }: Props) {
  const groups = useGroups();
  const mine = (groups ?? []).filter((each) => managed.value.includes(each.id));
  useEffect(() => {
    const other = instead(mine, group);
    if (other !== null) onPick(other);
  }, [groups, managed.value]);
  return mine.length === 0 ? null : <GroupPick {...more} groups={mine} value={group} onPick={onPick} />;
}
