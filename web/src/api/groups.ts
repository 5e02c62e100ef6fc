/** Groups of people and what they may see, as filters need them. */
import { call, type Json, list, textOrNull } from './call';

export interface Group {
  readonly id: string;
  readonly name: string;
}

export async function fetchGroups(): Promise<readonly Group[]> {
  const found: Group[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/groups?after=${encodeURIComponent(after)}`);
    found.push(...list(page['groups']).map((each) => ({ id: String(each['id']), name: String(each['name']) })));
    after = textOrNull(page['next']);
  }
  return found;
}

/** The ids of its devices. */
export async function fetchMembers(group: string): Promise<ReadonlySet<string>> {
  const { members } = await call('GET', `/api/groups/${encodeURIComponent(group)}/devices`);
  return new Set(list(members).map((each) => String(each['id'])));
}
