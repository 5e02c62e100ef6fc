/** The shell of a page: what it takes to open without a network. */

/** One worker for the whole site; it is asked to keep the shell of this page. */
export async function keepShell(): Promise<void> {
  const worker = await navigator.serviceWorker?.register('worker.js').catch(() => null);
  if (!worker) return;
  const ready = await navigator.serviceWorker.ready;
  ready.active?.postMessage({ keep: location.pathname });
}
