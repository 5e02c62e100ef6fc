/** The newest events, newest first, each number once. */
import type { TrackerEvent } from './frames';

export const KEPT = 300; // full: the oldest are forgotten; the server's log has them all

export class EventLog {
  events: readonly TrackerEvent[] = [];
  /** The number to resume after; null before the server has said one. */
  last: number | null = null;

  /** False where the event was known. */
  add(event: TrackerEvent): boolean {
    if (this.last !== null && event.id <= this.last) return false;
    this.last = event.id;
    this.events = [event, ...this.events].slice(0, KEPT);
    return true;
  }

  /** Older ones, read from the log over HTTP; they may overlap with what has come since. */
  fill(older: readonly TrackerEvent[]): void {
    const known = new Map([...older, ...this.events].map((event) => [event.id, event]));
    this.events = [...known.values()].sort((a, b) => b.id - a.id).slice(0, KEPT);
    const newest = this.events[0]?.id ?? 0;
    if (newest > (this.last ?? -1)) this.last = newest;
  }

  /** One that is looked at, however old: it stays among the others until newer ones fill the room. */
  keep(event: TrackerEvent): void {
    const others = this.events.filter((each) => each.id !== event.id);
    this.events = [...others.slice(0, KEPT - 1), event].sort((a, b) => b.id - a.id);
  }

  startAfter(number: number): void {
    this.last = Math.max(number, this.last ?? 0);
  }

  clear(): void {
    this.events = [];
    this.last = null;
  }
}
