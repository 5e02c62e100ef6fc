/** People: who there is, where one is signed in, who is asked to come. */
import { call, type Json, list, textOrNull } from './call';

export interface Role {
  readonly id: string;
  readonly role: string;
}

export interface Person {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly owner: boolean;
  readonly groups: readonly Role[];
  readonly language: string | null; // in which letters are written; null: not known yet
}

/** `since` and `seen` in ms. */
export interface OpenSession {
  readonly id: number;
  readonly since: number;
  readonly seen: number;
  readonly address: string;
  readonly program: string;
  readonly current: boolean;
}

/** By which ways one comes in here. */
export interface Doors {
  readonly people: boolean;
  readonly mail: boolean;
  readonly passkeys: boolean;
  /** What the OpenID Connect provider is called. */
  readonly provider: string | null;
}

export interface Invitation {
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly account: boolean;
}

export interface Invited {
  readonly link: string;
  readonly mailed: boolean;
}

export async function fetchDoors(): Promise<Doors> {
  const doors = await call('GET', '/api/doors');
  return {
    people: doors['people'] === true,
    mail: doors['mail'] === true,
    passkeys: doors['passkeys'] === true,
    provider: textOrNull(doors['provider']),
  };
}

export async function fetchPeople(): Promise<readonly Person[]> {
  return list((await call('GET', '/api/people'))['people']).map(readPerson);
}

export async function fetchPerson(id: number): Promise<Person> {
  return readPerson(await call('GET', `/api/people/${id}`));
}

export async function makePerson(email: string, name: string, password: string): Promise<void> {
  await call('POST', '/api/people', { email, name, password });
}

export async function changePerson(id: number, change: object): Promise<void> {
  await call('PATCH', `/api/people/${id}`, change);
}

export async function removePerson(id: number): Promise<void> {
  await call('DELETE', `/api/people/${id}`);
}

export async function fetchSessions(person: number): Promise<readonly OpenSession[]> {
  return list((await call('GET', `/api/people/${person}/sessions`))['sessions']).map((each) => ({
    id: Number(each['id']),
    since: Date.parse(String(each['since'])),
    seen: Date.parse(String(each['seen'])),
    address: String(each['address'] ?? ''),
    program: String(each['program'] ?? ''),
    current: each['current'] === true,
  }));
}

export async function endSession(person: number, session: number): Promise<void> {
  await call('DELETE', `/api/people/${person}/sessions/${session}`);
}

export async function invite(email: string, group: string, role: string): Promise<Invited> {
  const made = await call('POST', '/api/invitations', { email, group, role });
  return { link: String(made['link']), mailed: made['mailed'] === true };
}

/** The link is shown once. */
export async function makeResetLink(person: number): Promise<string> {
  return String((await call('POST', `/api/people/${person}/reset`))['link']);
}

export async function showInvitation(code: string): Promise<Invitation> {
  const shown = await call('POST', '/api/invitations/show', { code });
  return {
    email: String(shown['email']),
    name: String(shown['name']),
    role: String(shown['role']),
    account: shown['account'] === true,
  };
}

export async function acceptInvitation(code: string, account: object): Promise<void> {
  await call('POST', '/api/invitations/accept', { code, ...account });
}

export async function askForReset(email: string): Promise<void> {
  await call('POST', '/api/password-resets', { email });
}

export async function resetPassword(code: string, password: string): Promise<void> {
  await call('POST', '/api/password-resets/accept', { code, password });
}

function readPerson(person: Json): Person {
  return {
    id: Number(person['id']),
    email: String(person['email']),
    name: String(person['name']),
    owner: person['owner'] === true,
    groups: readRoles(person['groups']),
    language: textOrNull(person['language']),
  };
}

export function readRoles(value: unknown): readonly Role[] {
  return list(value).map((each) => ({ id: String(each['id']), role: String(each['role']) }));
}
