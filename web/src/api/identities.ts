/** Signing in at an OpenID Connect provider, and who one is there. */
import { call, list } from './call';

export interface Bond {
  readonly id: number;
  readonly issuer: string;
  readonly shown: string;
}

/** Goes to the provider, which sends the browser back. `wish`: an invitation to join by, or one's password to bind it. */
export async function goToProvider(wish: { invitation?: string; current?: string } = {}): Promise<void> {
  const { url } = await call('POST', '/api/oidc/start', wish);
  location.assign(String(url));
}

export async function fetchIdentities(person: number): Promise<readonly Bond[]> {
  return list((await call('GET', `/api/people/${person}/identities`))['identities']).map((each) => ({
    id: Number(each['id']),
    issuer: String(each['issuer']),
    shown: String(each['shown'] ?? ''),
  }));
}

export async function removeIdentity(person: number, id: number): Promise<void> {
  await call('DELETE', `/api/people/${person}/identities/${id}`);
}
