/** What to ask the server for, given what the map shows. */
import type { Subscription, Viewport } from './frames';

export const WORLD: Viewport = { west: -180, south: -90, east: 180, north: 90 };
const SMALL_FLEET = 2_000; // up to here every device is followed wherever it is, so that the list is live as a whole
const FEW = 300; // up to here positions come as JSON, which also says accuracy and geofences
const MARGIN = 0.1; // of the view, on each side: what is asked for is 1.2 times as wide and high, and a short drag asks nothing
const ZOOM_STEP = 0.25; // what is asked for one zoom serves others so near
const MOST_WANTED = 1_000; // as many as the wire takes
const RATE = 4; // a second; the layer glides between two

export interface Look {
  readonly bounds: Viewport | null; // null: the map has not been placed yet
  readonly zoom: number;
  readonly devices: number; // how many there are
  readonly shown: number; // how many we get at present
  readonly wanted: readonly string[]; // wherever they are
}

/** What to ask for now, given what is asked for already and whether that was answered: a small pan shows what was asked
 * for besides. */
export function subscription(look: Look, before: Subscription | null = null, answered = true): Subscription {
  const everything = look.bounds === null || look.devices <= SMALL_FLEET;
  const kept = before !== null && !everything && covers(before, look);
  return {
    viewport: everything ? WORLD : kept ? before.viewport : widen(look.bounds!),
    zoom: everything ? null : kept ? before.zoom : Math.round(look.zoom * 100) / 100,
    devices: look.wanted.length > 0 && !everything ? look.wanted.slice(0, MOST_WANTED) : null,
    rate: RATE,
    binary: kept && !answered ? before.binary : isMany(look, everything, kept),
  };
}

/** In a view just asked for there may be many; where nothing is shown of one that was, it is counted by cell. */
function isMany({ shown, devices }: Look, everything: boolean, kept: boolean): boolean {
  if (everything) return Math.max(shown, devices) > FEW;
  return !kept || shown > FEW || shown === 0;
}

/** Whether all that is looked at is in what was asked for, about as finely, and not lost in much more. */
function covers({ viewport, zoom }: Subscription, { bounds, zoom: nearer }: Look): boolean {
  if (bounds === null || zoom === null || nearer > zoom + ZOOM_STEP || nearer < zoom - ZOOM_STEP) return false;
  const width = viewport.east - viewport.west + (viewport.east < viewport.west ? 360 : 0);
  const fromWest = (((bounds.west - viewport.west) % 360) + 360) % 360;
  return (
    viewport.south <= Math.max(-90, bounds.south) &&
    viewport.north >= Math.min(90, bounds.north) &&
    (width >= 360 || fromWest + bounds.east - bounds.west <= width + 1e-9)
  );
}

/** The bounds of a map go beyond 180 degrees when it is dragged across; the wire wants west > east there. */
function widen(bounds: Viewport): Viewport {
  const width = bounds.east - bounds.west;
  const height = bounds.north - bounds.south;
  if (width * (1 + 2 * MARGIN) >= 360)
    return { ...WORLD, south: lat(bounds.south - height * MARGIN), north: lat(bounds.north + height * MARGIN) };
  return {
    west: wrap(bounds.west - width * MARGIN),
    south: lat(bounds.south - height * MARGIN),
    east: wrap(bounds.east + width * MARGIN),
    north: lat(bounds.north + height * MARGIN),
  };
}

function wrap(lon: number): number {
  return ((((lon + 180) % 360) + 360) % 360) - 180;
}

function lat(value: number): number {
  return Math.max(-90, Math.min(90, value));
}

/** As the wire says it. `after` and `said`: the newest event and message that we have, null for none. */
export function subscribeMessage(wanted: Subscription, after: number | null, said: number | null): object {
  const { west, south, east, north } = wanted.viewport;
  return {
    type: 'subscribe',
    viewport: [west, south, east, north],
    zoom: wanted.zoom,
    devices: wanted.devices,
    rate: wanted.rate,
    binary: wanted.binary,
    cells: 'changes',
    events: { after, geofences: null, devices: null, types: null },
    messages: { after: said },
  };
}
