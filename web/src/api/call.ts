/**
 * The HTTP side. Answers are decoded once, in this folder; a refusal is an ApiError with the server's own sentence, in
 * the language of the page.
 */
import { sayOnce } from '../refusals/say';
import { type Json, list, textOrNull } from './json';

export { type Json, list, numberOrNull, object, textOrNull } from './json';

/** One of many that were refused together, as of an import. */
export interface Refusal {
  readonly index: number;
  readonly id: string | null;
  readonly field: string | null;
  readonly reason: string;
}

export class ApiError extends Error {
  /** `field`: the one that was refused, as `properties.radius`. */
  constructor(
    readonly status: number,
    message: string,
    readonly field: string | null = null,
    readonly refusals: readonly Refusal[] = [],
  ) {
    super(message);
  }
}

let sessionEnded: () => void = () => {};

/** Told when an answer says that we are signed out, whatever was asked. */
export function onSessionEnd(told: () => void): void {
  sessionEnded = told;
}

/** An address of ours, wherever the page lies: at the root of a host, or below a path of a proxy. */
export function here(path: string): string {
  return new URL(path.replace(/^\/?/, './'), document.baseURI).href; // the dot: what is asked of the page itself stays out
}

export async function call(
  method: string,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Json> {
  const response = await send(method, path, body === undefined ? undefined : JSON.stringify(body), undefined, headers);
  return parse(await response.text());
}

/** For answers that are not one JSON document. Throws an ApiError where it is refused. */
export async function send(
  method: string,
  path: string,
  body?: string | ArrayBuffer | Blob,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const request: RequestInit = {
    method,
    credentials: 'same-origin',
    headers: { Accept: 'application/json', ...headers },
  };
  if (body !== undefined)
    Object.assign(request, { body, headers: { 'Content-Type': 'application/json', ...request.headers } });
  if (signal) request.signal = signal;
  const response = await fetch(here(path), request);
  if (response.status === 401 && !path.startsWith('/api/session')) sessionEnded();
  if (!response.ok) throw await refused(response.status, parse(await response.text()));
  return response;
}

export async function refused(status: number, problem: Json): Promise<ApiError> {
  const refusals = list(problem['errors']).map(async (each) => ({
    index: Number(each['index']),
    id: textOrNull(each['id']),
    field: textOrNull(each['field']),
    reason: await sayOnce(String(each['reason'])),
  }));
  return new ApiError(
    status,
    await sayOnce(String(problem['detail'] ?? problem['title'] ?? `HTTP ${status}`)),
    textOrNull(problem['field']),
    await Promise.all(refusals),
  );
}

function parse(text: string): Json {
  return (text.startsWith('{') ? JSON.parse(text) : {}) as Json;
}
