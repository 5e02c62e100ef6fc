/** The device that an address or a notification asks for. */
import type { Live } from './live';

/** At the start `?device=`, which then goes from the address; later what a notification that was clicked says. */
export function followRequests(live: Live): () => void {
  const asked = deviceIn(location.href);
  if (asked !== null) {
    history.replaceState(null, '', location.pathname);
    live.goToDevice(asked);
  }
  const told = (message: MessageEvent) => {
    const device = deviceIn(String((message.data as { url?: unknown } | null)?.url ?? ''));
    if (device !== null) live.goToDevice(device);
  };
  navigator.serviceWorker?.addEventListener('message', told); // there is none over plain http
  return () => navigator.serviceWorker?.removeEventListener('message', told);
}

export function deviceIn(url: string): string | null {
  return URL.canParse(url, location.href) ? new URL(url, location.href).searchParams.get('device') : null;
}
