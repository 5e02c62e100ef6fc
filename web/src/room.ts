/** What of the map the panels and cards over it leave free, in px. */
import type { Padding } from './map/bounds';
import { selected } from './state';

const NARROW = 760;
const SLIT = 90; // px: what is lower shows nothing that one could know
const NARROW_CARD: Padding = { top: 60, bottom: 190, left: 30, right: 30 };
const BUTTONS = 50; // at the top of a phone's map

export function isNarrow(): boolean {
  return innerWidth < NARROW;
}

/** From the middle of the map to the middle of what the detail leaves free: to its left, or above it on a phone. */
export function besideDetail(): [number, number] {
  if (!isNarrow()) return [-120, 0];
  const [from, to] = aboveDetail();
  return [0, Math.round((from + to - stageHeight()) / 2)];
}

/** What a phone's detail leaves free above it, in px below the top of the map. */
export function aboveDetail(): [from: number, to: number] {
  const alarms = document.querySelector<HTMLElement>('.stage .alarms');
  const from = alarms ? alarms.offsetTop + alarms.offsetHeight : BUTTONS;
  return [from, findDetail()?.offsetTop ?? Math.round(stageHeight() / 2)];
}

function stageHeight(): number {
  return document.querySelector('.stage')?.clientHeight ?? 0;
}

function findDetail(): HTMLElement | null {
  return document.querySelector('.stage .detail');
}

/** Beside or above the panels that lie over the map. */
export function besidePanels(): Padding {
  return isNarrow() ? { top: 90, bottom: 60, left: 40, right: 40 } : { top: 90, bottom: 70, left: 70, right: 90 };
}

/** What a card over the map leaves free. */
export function besideCard(): Padding {
  if (!isNarrow()) return { top: 70, bottom: 60, left: 60, right: 340 };
  const [from, to] = aboveDetail();
  if (!findDetail() || to - from <= SLIT) return NARROW_CARD;
  return { top: from + 10, bottom: stageHeight() - to + 10, left: 30, right: 30 };
}

/** The same for devices that are followed, with a card or without. */
export function besideFollowed(): Padding {
  return selected.peek() === null ? besidePanels() : besideCard();
}
