/** The newest events, newest first, each number once. */
import type { TrackerEvent } from './frames';

export const KEPT = 300; // full: the oldest are forgotten; the server's log has them all

export class EventLog {
  events: readonly TrackerEvent[] = [];
  /** The number to resume after; null before the server has said one. */
  last: number | null = null;
  /** The newest number that was forgotten or never here: from the next on none is missing. */
  lostUpTo = 0;

  /** False where the event was known. */
  add(event: TrackerEvent): boolean {
    if (this.last !== null && event.id <= this.last) return false;
    this.last = event.id;
    this.hold([event, ...this.events]);
    return true;
  }

  /** All above `after`, read from the log over HTTP; they may overlap with what has come since. */
  fill(older: readonly TrackerEvent[], after: number): void {
    const known = new Map([...older, ...this.events].map((event) => [event.id, event]));
    this.lostUpTo = after;
    this.hold([...known.values()].sort((a, b) => b.id - a.id));
    const newest = this.events[0]?.id ?? 0;
    if (newest > (this.last ?? -1)) this.last = newest;
  }

  /** One that is looked at, however old: it stays among the others until newer ones fill the room. */
  keep(event: TrackerEvent): void {
    const others = this.events.filter((each) => each.id !== event.id);
    if (others.length === KEPT) this.lostUpTo = Math.max(this.lostUpTo, others.at(-1)!.id);
    this.events = [...others.slice(0, KEPT - 1), event].sort((a, b) => b.id - a.id);
  }

  private hold(all: readonly TrackerEvent[]): void {
    this.events = all.slice(0, KEPT);
    if (all.length > KEPT) this.lostUpTo = Math.max(this.lostUpTo, all[KEPT]!.id);
  }

  startAfter(number: number): void {
    this.last = Math.max(number, this.last ?? 0);
    this.lostUpTo = this.last;
  }

  clear(): void {
    this.events = [];
    this.last = null;
    this.lostUpTo = 0;
  }
}
