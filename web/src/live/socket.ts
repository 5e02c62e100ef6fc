/** One WebSocket that connects again by itself. It knows nothing of what is said over it. */
import { backoff, isFinal } from './backoff';

export type Link =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  /** `slow`: asked, it has not answered in time; it may yet. */
  | { readonly state: 'open'; readonly slow: boolean }
  | { readonly state: 'waiting'; readonly until: number; readonly code: number; readonly everOpen: boolean }
  | { readonly state: 'refused'; readonly code: number; readonly reason: string };

export interface Listener {
  opened(): void;
  received(data: string | ArrayBuffer): void;
  /** Nothing has come for a while: say something the server must answer. */
  silent(): void;
  changed(link: Link): void;
}

const STABLE_MS = 5_000; // open for this long: the next loss starts at the shortest wait again
const SILENCE_MS = 2_000; // a browser is never told of a dead peer; past this we ask
const ANSWER_MS = 1_500; // past this it is slow
const LOST_MS = 10_000; // since the last word: we no longer believe in it
const CONNECT_MS = 15_000;
const HEARTBEAT_MISSED = 4001;

export class LiveSocket {
  link: Link = { state: 'idle' };
  private socket: WebSocket | null = null;
  private attempt = 0;
  /** When the last word came of a connection that is no more; null while there is one, or was none yet. */
  lostAt: number | null = null;
  private heardAt = 0;
  private openedAt = 0;
  private askedAt = 0; // when the connection was begun
  private notBefore = 0; // a server going away says when to come back
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setTimeout> | undefined;
  private watching = true;

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    if (this.link.state === 'idle' || this.link.state === 'refused') this.connect();
  }

  stop(): void {
    this.drop(1000);
    this.change({ state: 'idle' });
  }

  /** The network is back or a person looks again: no reason to wait longer, nor for a handshake from before. */
  nudge(): void {
    const hangs = this.link.state === 'connecting' && Date.now() - this.askedAt > ANSWER_MS;
    if (this.link.state === 'waiting' || hangs) this.renew();
  }

  send(message: object): boolean {
    if (this.link.state !== 'open') return false;
    this.socket!.send(JSON.stringify(message));
    return true;
  }

  /**
   * Paused streams are silent, and that is no fault. Who looks again says something that must be answered: where it is not,
   * the connection died while nobody watched, and to wait as long as for one that was just alive would show old places.
   */
  watchSilence(on: boolean): void {
    this.watching = on;
    if (this.link.state !== 'open') return;
    clearTimeout(this.watch);
    if (on) this.watch = setTimeout(() => this.renew(), ANSWER_MS);
  }

  comeBackAfter(ms: number): void {
    this.notBefore = Date.now() + ms;
  }

  private renew(): void {
    if (this.link.state === 'open') this.lostAt = this.heardAt;
    this.attempt = 0;
    this.connect();
  }

  private connect(): void {
    this.drop(1000);
    this.askedAt = Date.now();
    this.change({ state: 'connecting' });
    const socket = new WebSocket(this.url);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.watch = setTimeout(() => this.lost(1006, ''), CONNECT_MS);
    socket.onopen = () => this.opened();
    socket.onmessage = (message: MessageEvent<string | ArrayBuffer>) => {
      this.heard();
      this.listener.received(message.data);
    };
    socket.onclose = (event) => this.lost(event.code, event.reason);
  }

  private opened(): void {
    this.openedAt = Date.now();
    this.lostAt = null;
    this.change({ state: 'open', slow: false });
    this.heard();
    this.listener.opened();
  }

  private heard(): void {
    clearTimeout(this.watch);
    this.heardAt = Date.now();
    if (this.link.state !== 'open') return;
    if (this.link.slow) this.change({ state: 'open', slow: false });
    if (this.watching) this.watch = setTimeout(() => this.ask(), SILENCE_MS);
  }

  private ask(): void {
    this.listener.silent();
    this.watch = setTimeout(() => this.slow(), ANSWER_MS);
  }

  private slow(): void {
    this.change({ state: 'open', slow: true });
    const left = LOST_MS - SILENCE_MS - ANSWER_MS;
    this.watch = setTimeout(() => this.lost(HEARTBEAT_MISSED, 'no answer'), left);
  }

  private lost(code: number, reason: string): void {
    const everOpen = this.link.state === 'open';
    if (everOpen) this.lostAt = this.heardAt;
    if (everOpen && Date.now() - this.openedAt >= STABLE_MS) this.attempt = 0;
    this.drop(code);
    if (isFinal(code)) return this.change({ state: 'refused', code, reason });
    const jitter = backoff(this.attempt++, code, this.random);
    const wait = Math.max(0, this.notBefore - Date.now()) + jitter;
    this.retry = setTimeout(() => this.connect(), wait);
    this.change({ state: 'waiting', until: Date.now() + wait, code, everOpen });
  }

  /** Lets go of the socket: a late callback of it must not touch the next one. */
  private drop(code: number): void {
    clearTimeout(this.retry);
    clearTimeout(this.watch);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code === HEARTBEAT_MISSED ? code : 1000);
  }

  private change(link: Link): void {
    this.link = link;
    this.listener.changed(link);
  }
}
