/**
 * The live stream as a whole: frames come off the socket and are folded into the table and the event log.
 * Panels and map read those; what they want to see goes the other way through `look`.
 */
import { BadFrame, decode } from './decode';
import { DeviceTable } from './devices';
import { EventLog } from './events';
import type { Cell, Frame, Subscription, TrackerEvent } from './frames';
import { type Link, LiveSocket } from './socket';
import { type Look, subscribeMessage, subscription, WORLD } from './subscription';
import { type Message, Threads } from './threads';

/** What the badge says. `catching up`: connected, but not everything we missed has come; `slow`: asked, it does not answer. */
export type Health = 'connecting' | 'catching up' | 'live' | 'slow' | 'lost' | 'paused' | 'refused';

export interface FeedListener {
  healthChanged(health: Health, link: Link): void;
  /** Positions, names or shown devices have changed; called once per frame, so it must be cheap. */
  moved(): void;
  happened(event: TrackerEvent): void;
  /** A message that is new, or in another state. */
  said(message: Message): void;
  /** The event log of the server up to `head` is not in ours: read it over HTTP. */
  missed(head: number): void;
  counted(cells: readonly Cell[]): void;
}

const RESUBSCRIBE_MS = 5_000; // at most this often for names that did not come

export class Feed {
  readonly devices = new DeviceTable();
  readonly events = new EventLog();
  readonly threads = new Threads();
  health: Health = 'connecting';
  clockOffset = 0; // ms to add to our clock for the server's
  framesReceived = 0;
  private readonly socket: LiveSocket;
  private look: Look = { bounds: null, zoom: 0, devices: 0, shown: 0, wanted: [] };
  private wanted: Subscription = subscription(this.look);
  private epoch: string | null = null;
  private target = 0; // the number of the newest event when we subscribed
  private snapshotSeen = false;
  private answered = false; // by a snapshot or cells, what was asked for last
  private crowded = false; // too many to be sent: we get counts by cell
  private readonly cells = new Map<number, Cell>(); // by id
  private asked = 0; // pings
  private paused = false;
  private stale = false; // `wanted` has changed while paused
  private askedNamesAt = -Infinity;

  constructor(
    url: string,
    private readonly listener: FeedListener,
  ) {
    this.socket = new LiveSocket(url, {
      opened: () => this.opened(),
      received: (data) => this.received(data),
      silent: () => void this.socket.send({ type: 'ping', id: ++this.asked }), // the answer proves that the stream is alive
      changed: (link) => this.linkChanged(link),
    });
  }

  start(): void {
    this.socket.start();
  }

  stop(): void {
    this.socket.stop();
  }

  nudge(): void {
    this.socket.nudge();
  }

  /** When the last word of the server came, where we have lost it. */
  get lostAt(): number | null {
    return this.socket.lostAt;
  }

  now(): number {
    return Date.now() + this.clockOffset;
  }

  /** A device that is not shown has no position, rather than one elsewhere. */
  get seesEverything(): boolean {
    return this.wanted.viewport === WORLD && !this.crowded;
  }

  /** Asks anew only where the answer would differ. */
  see(look: Look): void {
    this.look = look;
    const wanted = subscription(look, this.wanted, this.answered);
    if (JSON.stringify(wanted) === JSON.stringify(this.wanted)) return;
    this.wanted = wanted;
    if (this.paused) this.stale = true;
    else this.subscribe();
  }

  /** The number of the newest message there is, and of the newest we had when that was asked. */
  messagesUpTo(head: number, ours: number | null): void {
    if (this.threads.startAt(head, ours)) this.subscribe();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.socket.send({ type: 'pause' });
    this.socket.watchSilence(false);
    this.report();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.snapshotSeen = false;
    this.socket.watchSilence(true);
    if (this.stale) this.subscribe();
    else this.socket.send({ type: 'resume' }); // answered by a snapshot, as a subscription is
    this.socket.nudge();
    this.report();
  }

  private opened(): void {
    this.subscribe();
    if (this.paused) this.socket.send({ type: 'pause' });
  }

  private subscribe(): void {
    this.stale = this.answered = false;
    this.socket.send(subscribeMessage(this.wanted, this.events.last, this.threads.last));
  }

  private linkChanged(link: Link): void {
    if (link.state !== 'open') this.snapshotSeen = false; // and not where an open one was only slow
    this.report();
  }

  private received(data: string | ArrayBuffer): void {
    this.framesReceived++;
    try {
      this.apply(decode(data));
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      console.warn(`live stream: ${error.message}`); // the next position of that device makes good what this one lost
    }
    this.report();
  }

  private apply(frame: Frame): void {
    switch (frame.kind) {
      case 'subscribed':
        return this.subscribed(frame.epoch, frame.resumed, frame.event, frame.serverTime);
      case 'snapshot':
        this.snapshotSeen = !frame.more;
        this.answered = true;
        if (this.crowded) this.listener.counted([]);
        this.crowded = false;
        this.devices.applySnapshot(frame.positions);
        return this.listener.moved();
      case 'positions':
        if (frame.complete) this.snapshotSeen = true;
        this.devices.applyPositions(frame.positions);
        return this.listener.moved();
      case 'columns':
        if (this.devices.applyColumns(frame.columns) > 0) this.askForNames();
        return this.listener.moved();
      case 'names':
        this.devices.applyNames(frame.devices);
        return this.listener.moved();
      case 'gone':
        this.devices.hide(frame.devices);
        return this.listener.moved();
      case 'privacy':
        this.devices.applyPrivacy(frame.devices);
        return this.listener.moved();
      case 'cells':
        return this.count(frame.afresh, frame.cells);
      case 'event':
        return this.happened(frame.event);
      case 'message':
        return this.listener.said(frame.message);
      case 'reset':
        return; // `resumed: false` has said so already
      case 'going_away':
        return this.socket.comeBackAfter(frame.afterMs);
      case 'error':
        return console.warn(`live stream: ${frame.code}: ${frame.message}`);
      case 'other':
        return;
    }
  }

  /** There are too many to be shown, but for those that were asked for by name. */
  private count(afresh: boolean, cells: readonly Cell[]): void {
    if (afresh) {
      this.snapshotSeen = this.answered = this.crowded = true;
      this.devices.hideAll();
      this.cells.clear();
    }
    for (const cell of cells) {
      if (cell.count > 0) this.cells.set(cell.id, cell);
      else this.cells.delete(cell.id);
    }
    this.listener.counted([...this.cells.values()]);
    this.listener.moved();
  }

  private subscribed(epoch: string, resumed: boolean, event: number | null, serverTime: number): void {
    if (Number.isFinite(serverTime)) this.clockOffset = serverTime - Date.now();
    const another = this.epoch !== null && epoch !== this.epoch;
    this.epoch = epoch;
    if (another) return this.startOver();
    this.target = event ?? 0;
    if (this.events.last === null || !resumed) this.readFrom(this.target);
  }

  /** Another database: its slots are other devices, and our number is none of its. */
  private startOver(): void {
    this.devices.forgetSlots();
    this.events.clear();
    this.threads.clear();
    this.subscribe();
  }

  /** From here on events come by the stream; those before are read from the log. */
  private readFrom(head: number): void {
    this.events.clear();
    this.events.startAfter(head);
    this.listener.missed(head);
  }

  private happened(event: TrackerEvent): void {
    if (!this.events.add(event)) return;
    if (event.geofence !== null && !event.late) this.devices.cross(event.device, event.geofence, event.type); // a late one is of the past
    this.listener.happened(event);
  }

  private askForNames(): void {
    if (Date.now() - this.askedNamesAt < RESUBSCRIBE_MS) return;
    this.askedNamesAt = Date.now();
    this.subscribe();
  }

  private report(): void {
    const health = this.judge();
    if (health === this.health && this.socket.link.state === 'open') return;
    this.health = health;
    this.listener.healthChanged(health, this.socket.link);
  }

  private judge(): Health {
    switch (this.socket.link.state) {
      case 'refused':
        return 'refused';
      case 'waiting':
        return 'lost';
      case 'idle':
        return 'connecting';
      case 'connecting':
        return this.epoch === null ? 'connecting' : 'lost';
      case 'open':
        if (this.paused) return 'paused';
        if (this.socket.link.slow) return 'slow';
        return this.snapshotSeen && (this.events.last ?? 0) >= this.target ? 'live' : 'catching up';
    }
  }
}
