/** What to ask the server for, given what the map shows. */
import type { Subscription, Viewport } from './frames';

export const WORLD: Viewport = { west: -180, south: -90, east: 180, north: 90 };
const SMALL_FLEET = 2_000; // up to here every device is followed wherever it is, so that the list is live as a whole
const FEW = 300; // up to here positions come as JSON, which also says accuracy and geofences
const MARGIN = 0.25; // of the view, on each side: a short drag shows no empty strip
const RATE = 4; // a second; the layer glides between two

export interface Look {
  readonly bounds: Viewport | null; // null: the map has not been placed yet
  readonly zoom: number;
  readonly devices: number; // how many there are
  readonly shown: number; // how many we get at present
  readonly selected: string | null;
}

export function subscription(look: Look): Subscription {
  const everything = look.bounds === null || look.devices <= SMALL_FLEET;
  return {
    viewport: everything ? WORLD : widen(look.bounds!),
    zoom: Math.round(look.zoom * 100) / 100,
    devices: !everything && look.selected !== null ? [look.selected] : null,
    rate: RATE,
    binary: Math.max(look.shown, everything ? look.devices : 0) > FEW,
  };
}

/** The bounds of a map go beyond 180 degrees when it is dragged across; the wire wants west > east there. */
function widen(bounds: Viewport): Viewport {
  const width = bounds.east - bounds.west;
  const height = bounds.north - bounds.south;
  if (width * (1 + 2 * MARGIN) >= 360)
    return { ...WORLD, south: lat(bounds.south - height), north: lat(bounds.north + height) };
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
    events: { after, geofences: null, devices: null, types: null },
    messages: { after: said },
  };
}
