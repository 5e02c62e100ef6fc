/** What a draft was before each change, for going back and forth. */

const KEPT = 200; // full: the oldest is forgotten
const TYPING_MS = 900; // letters of one field are one change

export class History<T> {
  private past: T[] = [];
  private future: T[] = [];
  private changedAt = -Infinity;
  private field = '';

  /** `before` as it was before a change of `field`; changes of one that follow each other quickly are one. */
  note(before: T, field: string, now: number): void {
    const goesOn = field === this.field && now - this.changedAt < TYPING_MS;
    this.field = field;
    this.changedAt = now;
    this.future = [];
    if (!goesOn) this.past = [...this.past.slice(1 - KEPT), before];
  }

  /** Null where there is nothing to go back to. */
  back(now: T): T | null {
    return this.step(this.past, this.future, now);
  }

  forth(now: T): T | null {
    return this.step(this.future, this.past, now);
  }

  get canGoBack(): boolean {
    return this.past.length > 0;
  }

  get canGoForth(): boolean {
    return this.future.length > 0;
  }

  clear(): void {
    this.past = [];
    this.future = [];
    this.field = '';
  }

  private step(from: T[], to: T[], now: T): T | null {
    const found = from.pop();
    if (found === undefined) return null;
    to.push(now);
    this.field = '';
    return found;
  }
}
