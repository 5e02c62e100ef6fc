/** On a phone the device that a card is about stays in sight where the card becomes higher, or a call for help comes over the map. */
import { effect } from '@preact/signals';
import type { Live } from './live';
import { aboveDetail, besideDetail, isNarrow } from './room';
import { events, followed, seen, selected } from './state';

const MARKER = 14; // px from a marker's middle to its rim
const REST_MS = 150; // after a move: a finger that has just touched the map begins to move it by then

type Band = readonly [from: number, to: number];

/** What is free is looked at when its size changes, once the map rests: what a hand has put elsewhere since stays there. */
export class Uncovering {
  private band: Band | null = null; // at the last look
  private waiting: ReturnType<typeof setTimeout> | undefined;
  private readonly watch = new ResizeObserver(() => this.soon());
  private readonly stop: () => void;

  constructor(
    private readonly live: Live,
    card: HTMLElement,
  ) {
    this.watch.observe(card);
    if (card.parentElement) this.watch.observe(card.parentElement);
    this.stop = effect(() => {
      void events.value; // among them calls for help
      void seen.value;
      this.soon();
    });
  }

  end(): void {
    clearTimeout(this.waiting);
    this.watch.disconnect();
    this.stop();
  }

  private soon(): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.look(), REST_MS);
  }

  private look(): void {
    const view = this.live.view.peek();
    const row = selected.peek();
    if (!view || row === null || !isNarrow()) return;
    if (view.isMoving) return this.soon();
    const spot = view.layer.screen(row);
    const [before, band] = [this.band, aboveDetail()];
    this.band = band;
    if (!spot || followed.peek().size > 0 || isFree(spot[1], band) || !isFree((band[0] + band[1]) / 2, band)) return;
    const wasFree = before === null ? row !== this.live.stood : isFree(spot[1], before);
    if (wasFree) view.bringOut(row, besideDetail());
  }
}

function isFree(y: number, [from, to]: Band): boolean {
  return y >= from + MARKER && y <= to - MARKER;
}
