/**
 * The conversations with whoever holds a device: what has come by the stream or was read over HTTP, and how much of it
 * nobody has read in this browser. Numbers count over all devices, so one mark says how far we have heard.
 */
import { readStored, store } from '../storage';

export type MessageState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed' | 'expired';

export interface Message {
  readonly number: number;
  readonly device: string;
  readonly direction: 'up' | 'down'; // up: from the device
  readonly id: string;
  readonly text: string;
  readonly at: number; // ms
  readonly state: string; // MessageState, or one of a newer server
  readonly alarm: string | null;
  readonly event: number | null; // of the alarm
}

export const KEPT = 200; // of one device, the newest: the server's thread has them all
const KEY = 'tracker.messages';

export class Threads {
  /** The number of the newest that we know; null before one is known. */
  last: number | null = null;
  /** The device whose thread somebody looks at. */
  open: string | null = null;
  readonly unread = new Map<string, number>();
  private readonly kept = new Map<string, readonly Message[]>();

  constructor() {
    this.remember(readStored(KEY));
  }

  of(device: string): readonly Message[] {
    return this.kept.get(device) ?? [];
  }

  /** True where it is new and somebody is to hear of it: it came from the device, and nobody looks at its thread. */
  add(message: Message): boolean {
    const isNew = message.number > (this.last ?? -1);
    this.last = Math.max(message.number, this.last ?? 0);
    this.keep(message.device, [message]);
    const isUnread = isNew && message.direction === 'up' && this.open !== message.device;
    if (isUnread) this.unread.set(message.device, (this.unread.get(message.device) ?? 0) + 1);
    if (isNew) this.save();
    return isUnread;
  }

  /** Read over HTTP; what came by the stream meanwhile stays. */
  fill(device: string, messages: readonly Message[]): void {
    const newer = this.of(device);
    this.keep(device, messages);
    this.keep(device, newer);
  }

  look(device: string | null): void {
    this.open = device;
    if (device !== null && this.unread.delete(device)) this.save();
  }

  /**
   * The newest number of the server, and what ours was when it was asked. One behind ours is of another installation than
   * the one we remember: true, and all is forgotten.
   */
  startAt(head: number, ours: number | null): boolean {
    const isOther = ours !== null && ours > head;
    if (isOther) this.clear();
    if (isOther || ours === null) this.last = Math.max(head, this.last ?? 0);
    this.save();
    return isOther;
  }

  clear(): void {
    this.last = null;
    this.unread.clear();
    this.kept.clear();
  }

  private keep(device: string, messages: readonly Message[]): void {
    const known = new Map(this.of(device).map((each) => [each.number, each]));
    for (const each of messages) {
      const before = known.get(each.number);
      if (before === undefined || rank(each) >= rank(before)) known.set(each.number, each);
    }
    this.kept.set(device, [...known.values()].sort((a, b) => a.number - b.number).slice(-KEPT));
  }

  private save(): void {
    store(KEY, JSON.stringify({ last: this.last, unread: [...this.unread] }));
  }

  private remember(stored: string | null): void {
    try {
      const { last, unread } = JSON.parse(stored ?? '{}') as { last?: unknown; unread?: [string, number][] };
      if (typeof last !== 'number') return;
      this.last = last;
      for (const [device, count] of unread ?? []) this.unread.set(device, Number(count));
    } catch {
      this.clear(); // not what we wrote
    }
  }
}

/** What became of a message only goes on: an answer over HTTP may come after what the stream said since. */
function rank({ state }: Message): number {
  return ['queued', 'sent', 'expired', 'failed', 'delivered', 'read'].indexOf(state);
}
