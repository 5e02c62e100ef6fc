// Shows what the server pushes, also while the page is closed. It caches nothing and answers no request.

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
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (pages.length > 0) {
    pages[0].postMessage({ url: url.href });
    return pages[0].focus();
  }
  return self.clients.openWindow(url.origin === self.location.origin ? url.href : self.registration.scope);
}
