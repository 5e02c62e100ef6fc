/** Passkeys: the browser makes them and signs with them, the server says what to sign. */
import { call, type Json, list, object, textOrNull } from './call';

/** `madeAt` and `usedAt` in ms. */
export interface Passkey {
  readonly id: number;
  readonly name: string;
  readonly site: string;
  readonly madeAt: number;
  readonly usedAt: number | null;
}

const path = (person: number) => `/api/people/${person}/passkeys`;

/** Whether this browser has them, and can read and write them as JSON. */
export function knowsPasskeys(): boolean {
  return (
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function' &&
    typeof PublicKeyCredential.prototype.toJSON === 'function'
  );
}

export async function fetchPasskeys(person: number): Promise<readonly Passkey[]> {
  return list((await call('GET', path(person)))['passkeys']).map((each) => ({
    id: Number(each['id']),
    name: String(each['name']),
    site: String(each['site']),
    madeAt: Date.parse(String(each['made_at'])),
    usedAt: textOrNull(each['used_at']) === null ? null : Date.parse(String(each['used_at'])),
  }));
}

/** False where the person changed her mind at the browser's question. */
export async function makePasskey(person: number, current: string, name: string): Promise<boolean> {
  const { options } = await call('POST', `${path(person)}/options`, { current });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(object(options) as never);
  const credential = await asked(() => navigator.credentials.create({ publicKey }));
  if (credential === null) return false;
  await call('POST', path(person), { name, credential });
  return true;
}

export async function removePasskey(person: number, id: number): Promise<void> {
  await call('DELETE', `${path(person)}/${id}`);
}

/** The same, at the door. */
export async function signInByPasskey(): Promise<boolean> {
  const { options } = await call('POST', '/api/passkeys/options');
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(object(options) as never);
  const passkey = await asked(() => navigator.credentials.get({ publicKey }));
  if (passkey === null) return false;
  await call('POST', '/api/session', { passkey });
  return true;
}

async function asked(ask: () => Promise<Credential | null>): Promise<Json | null> {
  try {
    return ((await ask()) as PublicKeyCredential | null)?.toJSON() as unknown as Json | null;
  } catch (error) {
    if (error instanceof DOMException) return null; // refused, or nobody answered
    throw error;
  }
}
