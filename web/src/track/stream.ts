/**
 * One device on the device stream: fixes leave in frames inside the window, live ones first; what is acked is forgotten,
 * what is not is sent again. `boot` is this life of the page: after a reload the kept fixes go out under new numbers, and
 * the server recognises those it has.
 */
import { backoff, isFinal } from '../live/backoff';
import { type FromServer, fixesFrame, read, type Status } from './frames';
import type { Keep, KeptFix, Line } from './keep';

const LIVE_FIXES = 50;
const BACKLOG_FIXES = 200; // well below 64 kB
const SILENT_MS = 30_000; // without any answer the connection is dead, whatever the browser believes

interface Frame {
  readonly seq: number;
  readonly keys: readonly number[];
  readonly newest: number; // ms, of its fixes
  readonly text: string;
}

export interface Owner {
  status(): Status;
  obey(name: string, args: { seconds?: unknown; text?: unknown }, id: string): Promise<string | null>;
  changed(): void;
  ended(code: number): void;
  seen(id: string, by: string): void;
  delivered(id: string): void;
}

export class Stream {
  sentAt = 0; // ms, of the newest fix that went out
  ackedAt = 0;
  isLive = false;
  private readonly boot = crypto.randomUUID();
  private seq = 0;
  private window = 0;
  private maxFixes = BACKLOG_FIXES;
  private unacked: Frame[] = [];
  private live: KeptFix[] = []; // of this connection, not sent yet; bound: what comes in SILENT_MS
  private backlogAfter = 0; // the key up to which the backlog went out
  private backlogUntil = 0; // the newest key when the connection began
  private socket: WebSocket | null = null;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private isWanted = false;
  private isSending = false;

  constructor(
    private readonly url: string,
    private readonly device: string,
    private readonly token: string,
    private readonly keep: Keep,
    private readonly owner: Owner,
  ) {}

  begin(): void {
    this.isWanted = true;
    if (this.socket === null) this.connect(); // a second one of the same device would end the first
  }

  end(): void {
    this.isWanted = false;
    clearTimeout(this.retry);
    this.socket?.close(1000);
    this.drop();
  }

  /** Several tries came to nothing, whatever the browser says of its network: it calls a radio without a way out online. */
  get isCutOff(): boolean {
    return this.attempt > 1;
  }

  /** The network is there again: at once, not after what is left of the pause. */
  hurry(): void {
    this.attempt = 0;
    if (this.isWanted && this.socket === null) this.connect();
  }

  /** The network is gone; the socket may not know it for minutes. */
  lose(): void {
    this.socket?.close();
    this.gone(1006, 0);
  }

  /** It is in the store already; what comes without a connection goes out from there. */
  put(kept: KeptFix): void {
    if (this.isLive) this.live.push(kept);
    else this.backlogUntil = Math.max(this.backlogUntil, kept.key);
    void this.send();
  }

  tellStatus(): void {
    if (this.isLive) this.say({ type: 'status', ...this.owner.status() });
  }

  tellLine(line: Line): void {
    if (!this.isLive) return;
    const { id, text } = line;
    const alarm = line.alarm ? { alarm: 'sos' } : {};
    this.say({ type: 'message', id, at: new Date(line.at).toISOString(), text, ...alarm });
  }

  tellRead(id: string): void {
    if (this.isLive) this.say({ type: 'read', id });
  }

  private connect(): void {
    clearTimeout(this.retry);
    const socket = new WebSocket(this.url);
    let after = 0;
    this.socket = socket;
    socket.onopen = () =>
      this.say({ type: 'hello', device: this.device, token: this.token, boot: this.boot, version: 1 });
    socket.onmessage = (event: MessageEvent<string>) => {
      const said = this.socket === socket ? read(event.data) : null;
      if (said?.type === 'going_away') after = said.after_ms;
      else if (said) void this.hear(said);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.gone(event.code, after);
    };
    this.listen();
    this.owner.changed();
  }

  private gone(code: number, afterMs: number): void {
    if (this.socket === null) return;
    this.drop();
    if (isFinal(code)) {
      this.isWanted = false;
      this.owner.ended(code);
    } else if (this.isWanted) {
      this.retry = setTimeout(() => this.connect(), afterMs + backoff(this.attempt++, code, Math.random));
    }
    this.owner.changed();
  }

  private drop(): void {
    clearTimeout(this.silence);
    this.socket = null;
    this.isLive = false;
    this.live = [];
  }

  private listen(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      if (!this.isLive || this.unacked.length > 0) this.lose();
      else this.listen();
    }, SILENT_MS);
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private async hear(said: FromServer): Promise<void> {
    this.listen();
    switch (said.type) {
      case 'welcome':
        return this.welcome(said.acked, said.window, said.max_fixes);
      case 'ack':
        return this.answered((frame) => frame.seq === said.seq);
      case 'error':
        return said.seq === undefined ? undefined : this.answered((frame) => frame.seq === said.seq);
      case 'command':
        return this.obey(said.id, said.name, said.args);
      case 'message_ack':
        return this.owner.delivered(said.id);
      case 'seen':
        return this.owner.seen(said.id, said.by);
    }
  }

  /** Frames that had no answer go again as they were, the rest as the window allows. */
  private async welcome(acked: number, window: number, maxFixes: number): Promise<void> {
    this.window = window;
    this.maxFixes = maxFixes;
    this.attempt = 0;
    await this.answered((frame) => frame.seq <= acked);
    const socket = this.socket;
    this.backlogUntil = Math.max(this.backlogUntil, await this.keep.newest());
    this.backlogAfter = 0;
    if (this.socket !== socket) return;
    this.isLive = true;
    for (const frame of this.unacked) this.socket?.send(frame.text);
    this.tellStatus();
    for (const line of await this.keep.lines()) if (line.mine && line.state === 'waiting') this.tellLine(line);
    this.owner.changed();
    void this.send();
  }

  private async answered(which: (frame: Frame) => boolean): Promise<void> {
    const done = this.unacked.filter(which);
    this.unacked = this.unacked.filter((frame) => !which(frame));
    for (const frame of done) {
      await this.keep.remove(frame.keys);
      this.ackedAt = Math.max(this.ackedAt, frame.newest);
    }
    this.owner.changed();
    void this.send();
  }

  private async obey(id: string, name: string, args: { seconds?: unknown; text?: unknown }): Promise<void> {
    const refusal = await this.owner.obey(name, args, id);
    this.say({ type: 'result', id, ok: refusal === null, detail: refusal });
    this.owner.changed();
  }

  /** One at a time: to read the store takes a turn, and no fix may be in two frames. */
  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      while (this.isLive && this.unacked.length < this.window && (await this.sendOne()));
    } finally {
      this.isSending = false;
    }
  }

  private async sendOne(): Promise<boolean> {
    const isBacklog = this.live.length === 0;
    const fixes = isBacklog ? await this.nextOfBacklog() : this.live.splice(0, Math.min(LIVE_FIXES, this.maxFixes));
    if (fixes.length === 0 || !this.isLive) return false;
    const newest = Math.max(...fixes.map(({ fix }) => Date.parse(fix.at)));
    this.seq += 1;
    const text = fixesFrame(
      this.seq,
      fixes.map(({ fix }) => fix),
      isBacklog,
    );
    this.unacked.push({ seq: this.seq, keys: fixes.map(({ key }) => key), newest, text });
    this.socket?.send(text);
    this.listen();
    this.sentAt = Math.max(this.sentAt, newest);
    this.owner.changed();
    return true;
  }

  /** The oldest that are in no frame: what a frame has is sent again with it. */
  private async nextOfBacklog(): Promise<KeptFix[]> {
    if (this.backlogAfter >= this.backlogUntil) return [];
    const found = await this.keep.take(this.backlogAfter, Math.min(BACKLOG_FIXES, this.maxFixes));
    this.backlogAfter = found.at(-1)?.key ?? this.backlogUntil;
    const taken = new Set(this.unacked.flatMap((frame) => frame.keys).concat(this.live.map(({ key }) => key)));
    const left = found.filter(({ key }) => key <= this.backlogUntil && !taken.has(key));
    return left.length > 0 ? left : this.nextOfBacklog();
  }
}
