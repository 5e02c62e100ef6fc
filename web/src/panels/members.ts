/** Whose devices are listed where a group is asked for. */
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api/call';
import { fetchMembers } from '../api/groups';
import { finding, groupsChanged, members } from '../state';
import { passOver } from '../there';

/** The devices of the group that is asked for. */
export function useMembers(): void {
  const { group } = finding.value;
  useEffect(() => {
    members.value = null;
    if (group === null) return;
    fetchMembers(group).then(
      (found) => finding.peek().group === group && (members.value = found),
      (error) => {
        if (!(error instanceof ApiError) || finding.peek().group !== group) return; // without a network it is asked again
        finding.value = { ...finding.peek(), group: null };
        passOver([group]);
      },
    );
  }, [group, groupsChanged.value]);
}
