/** Who manages several groups says which one is to hold what is new. */
import { useEffect } from 'preact/hooks';
import { GroupPick, useGroups } from '../joining/GroupPick';
import { managed } from '../state';

interface Props {
  readonly id: string;
  readonly group: string;
  readonly onPick: (group: string) => void;
}

/** Nothing where there is nothing to pick from. */
export function InGroup(props: Props) {
  return managed.value.length > 1 ? <Several {...props} /> : null;
}

function Several({ id, group, onPick }: Props) {
  const groups = useGroups();
  const mine = (groups ?? []).filter((each) => managed.value.includes(each.id));
  useEffect(() => {
    if (groups && !mine.some((each) => each.id === group)) onPick(mine[0]?.id ?? '');
  }, [groups, managed.value]);
  return mine.length === 0 ? null : <GroupPick id={id} groups={mine} value={group} onPick={onPick} />;
}
