/** This browser as a channel: it is asked for permission, and gives an address at its push service. */
import { here } from '../api/call';
import { type Channel, fetchPushKey } from '../api/subscriptions';
import { words } from '../words';

const WORKER = 'worker.js'; // beside the page, whose notifications it shows
const PATIENCE_MS = 20_000; // a browser that cannot reach its push service may never answer

export class PushRefused extends Error {}

/** Throws PushRefused with a sentence for people. */
export async function askThisBrowser(): Promise<Channel> {
  if (!window.isSecureContext) throw new PushRefused(words.value.alerts.push.https);
  if (!('serviceWorker' in navigator) || !('PushManager' in window))
    throw new PushRefused(words.value.alerts.push.missing);
  if ((await Notification.requestPermission()) !== 'granted') throw new PushRefused(words.value.alerts.push.denied);
  const key = await fetchPushKey();
  await navigator.serviceWorker.register(here(WORKER));
  const { pushManager } = await navigator.serviceWorker.ready;
  return channelFrom((await inTime(subscribed(pushManager, key))).toJSON());
}

async function subscribed(manager: PushManager, key: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    if ((error as DOMException).name !== 'InvalidStateError')
      throw new PushRefused(words.value.alerts.push.refused((error as Error).message));
    await (await manager.getSubscription())?.unsubscribe(); // made with the key of another server at this address
    return manager.subscribe(options);
  }
}

export function channelFrom(subscription: PushSubscriptionJSON): Channel {
  const { p256dh = '', auth = '' } = subscription.keys ?? {};
  return { kind: 'webpush', endpoint: subscription.endpoint ?? '', keys: { p256dh, auth } };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new PushRefused(words.value.alerts.push.silent)), PATIENCE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Of base64url. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
