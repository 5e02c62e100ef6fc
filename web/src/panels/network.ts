/** Which address of the server a phone is shown. */

/** The address with another origin, where one was chosen; what stands behind it is the server's. */
export function moveTo(url: string, origin: string): string {
  if (origin === '') return url;
  const [from, to] = [new URL(url), new URL(origin)];
  return `${to.origin}${from.pathname}${from.search}${from.hash}`;
}

/** Whether only this computer finds it. */
export function isLocal(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

export function isSecure(url: string): boolean {
  return new URL(url).protocol === 'https:';
}
