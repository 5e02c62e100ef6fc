/** How exactly others see this phone. What is wished without a connection is kept, and said when there is one. */
import { signal } from '@preact/signals';
import { ask, type Pairing } from './ask';
import type { Keep } from './keep';

export type Mode = 'exact' | 'vague' | 'paused';

/** `until` in ms; null: until it is changed. */
export interface Shown {
  readonly mode: Mode;
  readonly until: number | null;
}

const EXACT: Shown = { mode: 'exact', until: null };

export class Privacy {
  /** As the server has it. */
  readonly shown = signal<Shown>(EXACT);
  /** What it has not been told yet. */
  readonly waiting = signal<Shown | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;

  constructor(
    private readonly pairing: Pairing,
    private readonly keep: Keep,
  ) {}

  async wakeUp(): Promise<void> {
    this.waiting.value = (await this.keep.setting<Shown>('privacy')) ?? null;
    await this.settle();
  }

  async set(wish: Shown): Promise<void> {
    this.waiting.value = wish;
    await this.keep.set('privacy', wish);
    await this.settle();
  }

  /** There is a connection: say what waits, and hear what was said elsewhere. */
  async settle(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    const wish = this.waiting.value;
    const isOver = wish?.until != null && wish.until <= Date.now();
    const answer =
      wish === null || isOver
        ? await ask(this.pairing, 'GET', this.path)
        : await ask(this.pairing, 'PUT', this.path, { mode: wish.mode, until: text(wish.until) });
    this.isAsking = false;
    if (answer === null) return;
    const told = (await answer.json()) as { mode: Mode; until: string | null };
    this.show({ mode: told.mode, until: told.until === null ? null : Date.parse(told.until) });
    if (this.waiting.value !== wish) return this.settle(); // something else was wished meanwhile
    this.waiting.value = null;
    await this.keep.set('privacy', null);
  }

  private get path(): string {
    return `devices/${encodeURIComponent(this.pairing.device)}/privacy`;
  }

  private show(shown: Shown): void {
    this.shown.value = shown;
    clearTimeout(this.timer);
    if (shown.until !== null) this.timer = setTimeout(() => this.show(EXACT), shown.until - Date.now());
  }
}

function text(until: number | null): string | null {
  return until === null ? null : new Date(until).toISOString();
}
