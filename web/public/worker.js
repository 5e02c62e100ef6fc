// The one service worker of the site. It keeps the shells of the pages that were asked for, so that they open without a
// network, and shows what the server pushes. It answers nothing of the API: what was true is not kept for what is.

const STORE = 'shells-1';
const SHELLS = ['', 'track']; // paths below the scope; each is one page with what it names in assets/
const PATIENCE_MS = 4000; // then the page that is kept is shown, for a network that is there may still not answer

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  const shell = shellOf(new URL(event.data?.keep ?? '', self.registration.scope));
  if (shell !== null) event.waitUntil(keep(shell).catch(() => {}));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  const shell = request.mode === 'navigate' ? shellOf(url) : null;
  if (shell !== null) event.respondWith(show(request, shell));
  else if (url.href.startsWith(new URL('assets/', self.registration.scope).href)) event.respondWith(asset(request));
});

/** The address of a page in the table, without what stands behind it; null for any other. */
function shellOf(url) {
  const found = SHELLS.map((path) => new URL(path, self.registration.scope).href);
  return found.find((href) => href === url.origin + url.pathname) ?? null;
}

/** As the server has it now; where it does not answer, as it was. */
async function show(request, shell) {
  const kept = await caches.match(shell);
  const fresh = fetch(request);
  if (kept === undefined) return fresh;
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), PATIENCE_MS));
  const answered = fresh.then(
    (response) => (response.ok ? response : kept),
    () => kept,
  );
  const response = await Promise.race([answered, late]);
  if (response !== kept && response.headers.get('ETag') !== kept.headers.get('ETag')) keep(shell).catch(() => {});
  return response;
}

/** What is under assets/ has a hash in its name, and never changes. */
async function asset(request) {
  return (await caches.match(request)) ?? fetch(request);
}

/** The page and all that it names, or nothing of it; then what no kept page names goes. */
async function keep(shell) {
  const response = await fetch(shell, { cache: 'no-cache' });
  if (!response.ok) return;
  const store = await caches.open(STORE);
  await store.addAll(namedIn(await response.clone().text(), shell));
  await store.put(shell, response);
  await prune(store);
}

function namedIn(html, shell) {
  return [...html.matchAll(/(?:src|href)="([^"]*assets\/[^"]+)"/g)].map(([, path]) => new URL(path, shell).href);
}

async function prune(store) {
  const used = new Set();
  for (const path of SHELLS) {
    const shell = new URL(path, self.registration.scope).href;
    const kept = await store.match(shell);
    if (kept) for (const url of [shell, ...namedIn(await kept.text(), shell)]) used.add(url);
  }
  for (const request of await store.keys()) if (!used.has(request.url)) await store.delete(request);
}

self.addEventListener('push', (event) => {
  const { title = 'Tracker', body = '', url = '/', tag } = read(event.data);
  event.waitUntil(
    self.registration.showNotification(title, {
      body,
      icon: new URL('favicon.svg', self.registration.scope).href,
      data: { url },
      ...(tag ? { tag } : {}),
    }),
  );
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.url ?? '/'));
});

function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return { body: data.text() };
  }
}

/** A page that is open comes to the front; another address than ours is never opened. */
async function open(wanted) {
  const url = new URL(wanted.replace(/^\//, ''), self.registration.scope);
  const pages = (await self.clients.matchAll({ type: 'window', includeUncontrolled: true })).filter(
    (page) => !new URL(page.url).pathname.endsWith('/track'),
  );
  if (pages.length > 0) {
    pages[0].postMessage({ url: url.href });
    return pages[0].focus();
  }
  return self.clients.openWindow(url.origin === self.location.origin ? url.href : self.registration.scope);
}
