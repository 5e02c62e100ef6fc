/** What the phone asks of the API, as the device that it is. Null: the server did not answer, or refused. */

export interface Pairing {
  readonly device: string;
  readonly token: string;
  readonly name?: string; // of a phone that was paired before there was one to be told
}

export async function ask(pairing: Pairing, method: string, path: string, body?: object): Promise<Response | null> {
  const answer = await fetch(new URL(`api/${path}`, new URL('.', location.href)), {
    method,
    credentials: 'omit',
    headers: { Authorization: `Bearer ${pairing.token}`, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  }).catch(() => null);
  return answer?.ok ? answer : null;
}
