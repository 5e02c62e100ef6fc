/** Groups of people and what they may see: as filters need them, and as who manages one changes them. */
import { call, type Json, list, textOrNull } from './call';

export interface Group {
  readonly id: string;
  readonly name: string;
}

export type MemberKind = 'devices' | 'geofences' | 'people';

/** `role`: of a person, whose number is the id. */
export interface Member {
  readonly id: string;
  readonly role: string | null;
}

/** All, or those of them that hold a geofence. */
export async function fetchGroups(geofence?: string): Promise<readonly Group[]> {
  const holding = geofence === undefined ? '' : `&geofence=${encodeURIComponent(geofence)}`;
  const found: Group[] = [];
  let after: string | null = '';
  while (after !== null) {
    const page: Json = await call('GET', `/api/groups?after=${encodeURIComponent(after)}${holding}`);
    found.push(...list(page['groups']).map((each) => ({ id: String(each['id']), name: String(each['name']) })));
    after = textOrNull(page['next']);
  }
  return found;
}

function at(group: string): string {
  return `/api/groups/${encodeURIComponent(group)}`;
}

export async function fetchMembersOf(group: string, kind: MemberKind): Promise<readonly Member[]> {
  const { members } = await call('GET', `${at(group)}/${kind}`);
  return list(members).map((each) => ({ id: String(each['id']), role: textOrNull(each['role']) }));
}

/** The ids of its devices. */
export async function fetchMembers(group: string): Promise<ReadonlySet<string>> {
  return new Set((await fetchMembersOf(group, 'devices')).map((each) => each.id));
}

export async function makeGroup(name: string): Promise<Group> {
  const made = await call('POST', '/api/groups', { name });
  return { id: String(made['id']), name: String(made['name']) };
}

export async function removeGroup(group: string): Promise<void> {
  await call('DELETE', at(group));
}

export async function putInto(group: string, kind: MemberKind, id: string): Promise<void> {
  await call('PUT', `${at(group)}/${kind}/${encodeURIComponent(id)}`);
}

export async function takeOut(group: string, kind: MemberKind, id: string): Promise<void> {
  await call('DELETE', `${at(group)}/${kind}/${encodeURIComponent(id)}`);
}

export async function giveRole(group: string, person: string, role: string): Promise<void> {
  await call('PUT', `${at(group)}/people/${person}`, { role });
}
