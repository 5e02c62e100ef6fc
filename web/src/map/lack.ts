/** What of a map's ground could not be read. It is read anew with the next connection, and a few times by itself: one request may be lost while the connection holds. */
import { getGlobalDispatcher, type Map as MapLibre } from 'maplibre-gl';

const WAITS_MS = [5_000, 30_000, 300_000];
const NOTICED_MS = 15_000; // by then a network that is gone is known to be: what is drawn is not thrown away without one
const WORKERLESS = 'Worker failed to load';

export class Lack {
  /** The GPU was taken away, as after a sleep; until it is back the map has no style to speak to. */
  lost = false;
  private isIncomplete = false;
  private isWorkerless = false; // the script of the worker itself did not come
  private tries = 0; // by itself, since the last connection
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    map: MapLibre,
    private readonly restyle: () => void,
    private readonly isLive: () => boolean,
  ) {
    map.on('webglcontextlost', () => (this.lost = true));
    map.on('webglcontextrestored', () => this.restored());
    map.on('error', ({ error }) => {
      console.warn(`map: ${error.message}`);
      this.isIncomplete = true;
      if (!isRefused(error)) this.missed(error.message.startsWith(WORKERLESS));
    });
  }

  /** The server is back. MapLibre asks again for tiles, but not for a source or a style that failed. */
  complete(): void {
    this.tries = 0;
    this.read();
  }

  /** Nobody speaks to the map any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.lost = true;
  }

  private missed(isWorker: boolean): void {
    this.isWorkerless ||= isWorker;
    const wait = WAITS_MS[this.tries];
    if (this.timer !== undefined || wait === undefined) return;
    this.tries++;
    const again = () => {
      this.timer = undefined;
      if (this.isLive()) this.read();
    };
    this.timer = setTimeout(again, this.isWorkerless ? wait : Math.max(wait, NOTICED_MS));
  }

  private read(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.isIncomplete || this.lost) return;
    if (!this.isWorkerless) return this.restored();
    this.isWorkerless = false;
    // New workers take the style with them, as a lost GPU does: where they have, nothing is missing any more.
    void getGlobalDispatcher()
      .ensureWorkers()
      .then(() => {
        if (this.isIncomplete && !this.lost) this.restored();
      });
  }

  private restored(): void {
    this.lost = this.isIncomplete = false;
    this.restyle();
  }
}

/** A server that says there is no such thing, as of a picture that somebody's own style names, says so again: to read all
 * anew for it would empty the map for a moment in vain. */
function isRefused(error: object): boolean {
  const status = 'status' in error ? Number(error.status) : 0;
  return status >= 400 && status < 500 && status !== 429;
}
