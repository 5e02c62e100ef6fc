/** On a phone a card lies below the device that it is about, whatever it shows and however high that makes it. */
import type { Live } from './live';
import { aboveDetail, besideDetail, isNarrow } from './room';
import { selected } from './state';

export function keepUncovered(live: Live, card: HTMLElement): () => void {
  const watch = new ResizeObserver(() => {
    const row = selected.peek();
    if (row === null || !isNarrow() || !live.feed.devices.shown[row]) return;
    live.view.peek()?.bringOut(row, () => ({ band: aboveDetail(), offset: besideDetail() }));
  });
  watch.observe(card);
  return () => watch.disconnect();
}
