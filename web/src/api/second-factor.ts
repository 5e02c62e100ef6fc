/** The second factor: whether it is on, what turns it on and off. */
import { call } from './call';

export interface Factor {
  readonly on: boolean;
  readonly recoveryCodes: number;
}

/** For the authenticator app: as a QR code, and to type. */
export interface FactorSecret {
  readonly secret: string;
  readonly url: string;
}

const path = (person: number) => `/api/people/${person}/second-factor`;

export async function fetchFactor(person: number): Promise<Factor> {
  const factor = await call('GET', path(person));
  return { on: factor['on'] === true, recoveryCodes: Number(factor['recovery_codes']) };
}

export async function beginFactor(person: number, current: string): Promise<FactorSecret> {
  const made = await call('POST', path(person), { current });
  return { secret: String(made['secret']), url: String(made['url']) };
}

/** The recovery codes, which are shown once. */
export async function turnFactorOn(person: number, code: string): Promise<readonly string[]> {
  const codes = (await call('PUT', path(person), { code }))['recovery_codes'];
  return Array.isArray(codes) ? codes.map(String) : [];
}

export async function turnFactorOff(person: number, current: string, code: string): Promise<void> {
  await call('POST', `${path(person)}/off`, { current, code });
}

/** Of somebody else, by an owner. */
export async function resetFactor(person: number): Promise<void> {
  await call('DELETE', path(person));
}
