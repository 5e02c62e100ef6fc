/** Whose places are on the map: of what one looks at just now, and as long as one reads why an event was told, its. */
import type { Dots } from './map/dots';

interface Shows {
  readonly view: { peek(): { showDots(places: Dots['places'], chosen: number): void } | null };
}

const NONE: Dots = { places: [], chosen: -1 };
let passing = NONE; // of a trial, or of a chart
let reason = NONE;

/** None: what is on the map is what decided, where somebody reads it. */
export function showDots(live: Shows, places: Dots['places'], chosen = -1): void {
  passing = { places, chosen };
  lay(live, places.length > 0 ? passing : reason);
}

/** The places of an evidence; none: nobody reads it any more. */
export function showReason(live: Shows, places: Dots['places'], chosen = -1): void {
  reason = { places, chosen };
  lay(live, places.length > 0 ? reason : passing);
}

function lay(live: Shows, { places, chosen }: Dots): void {
  live.view.peek()?.showDots(places, chosen);
}
