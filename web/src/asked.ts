/** The device that a notification asks for when somebody clicks it. */
import type { Live } from './live';

export function followRequests(live: Live): () => void {
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
