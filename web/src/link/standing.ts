/** The map of a link from when its part is asked for until the link ends: the part may not come, or come late. */
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Theme } from '../map/flavors';
import type { Link } from './link';
import type { LinkMap } from './map';

const FIRST_MS = 2_000;
const LAST_MS = 60_000;
const RELOADS = 6; // in a row: what never comes is not waited for
const PATIENCE_MS = 15_000;

export class Standing {
  readonly map = signal<LinkMap | null>(null);
  /** What it needs was not read, or this browser draws none. */
  readonly trouble = signal<'unread' | 'unfit' | null>(null);
  private container: HTMLElement | null = null; // null: it is not wanted, or no more
  private isAsked = false;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly link: Link,
    private readonly theme: ReadonlySignal<Theme>,
  ) {
    effect(() => this.map.value?.setTheme(theme.value)); // as long as the page
  }

  /** Does not wait for the connection: there is a ground also while the link is full. */
  stand(container: HTMLElement): void {
    this.container = container;
    void this.ask();
  }

  /** The link is open, maybe once more. */
  opened(): void {
    if (this.map.peek()) this.map.peek()?.lack.complete();
    else if (this.trouble.peek() !== 'unfit') void this.ask();
  }

  remove(): void {
    clearTimeout(this.timer);
    this.container = null;
    this.map.peek()?.remove();
    this.map.value = null;
  }

  private async ask(): Promise<void> {
    if (this.isAsked) return;
    this.isAsked = true;
    try {
      const [{ LinkMap }, config] = await Promise.all([import('./map'), readConfig()]);
      if (this.container) this.make(LinkMap, this.container, config);
    } catch {
      if (this.container) this.miss();
    } finally {
      this.isAsked = false; // the next time there is a network is the next try
    }
  }

  private make(Made: typeof LinkMap, container: HTMLElement, { map_style, streets }: Config): void {
    if (history.state !== null) history.replaceState(null, '');
    const ground = { custom: map_style, streets: (streets ?? []).length > 0 };
    try {
      this.map.value = new Made(container, this.theme.peek(), ground, () => this.isOpen);
      this.trouble.value = null;
    } catch (error) {
      console.warn(`no map: ${String(error)}`);
      this.trouble.value = 'unfit';
    }
  }

  private get isOpen(): boolean {
    return this.link.state.peek() === 'open';
  }

  /** A browser may keep that a part did not come, as Chromium does: only a page loaded anew asks for it again. A password
   * would be lost with it, so who typed one is asked. */
  private miss(): void {
    this.trouble.value = 'unread';
    const reloads = Number(history.state ?? 0);
    clearTimeout(this.timer);
    if (!this.isOpen || this.link.isTyped || reloads >= RELOADS) return;
    const wait = Math.min(LAST_MS, FIRST_MS * 2 ** (reloads + this.tries++));
    this.timer = setTimeout(() => void this.reload(reloads), wait);
  }

  /** Not without a network: places and ages are better than a page that cannot be reached. */
  private async reload(reloads: number): Promise<void> {
    try {
      await readConfig();
    } catch {
      return this.miss();
    }
    if (!this.container || !this.isOpen) return;
    history.replaceState(reloads + 1, '');
    location.reload();
  }
}

interface Config {
  map_style: string | null;
  streets?: unknown[];
}

async function readConfig(): Promise<Config> {
  const answer = await fetch('api/config', { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return (await answer.json()) as Config;
}
