/** Keeping several places in view: the map moves only when one leaves, or when all have come close together. */
import type { LngLat, LngLatBoundsLike, Map as MapLibre } from 'maplibre-gl';
import { boxAround, type Padding } from './bounds';
import { type Camera, cameraOf } from './camera';

const CLOSER = 1.5; // zoom levels nearer they would all still be in view: less, and each turn of a road would zoom
const TAKES_MS = 900;
/** Where each map was last sent, and where it came to rest: at its smallest zoom it stays short of it. */
const sent = new WeakMap<MapLibre, { readonly target: Camera; rests: Camera | null }>();

type Place = readonly [lon: number, lat: number];

/** `zoomed`: a hand has chosen how near to look, which only somebody who leaves changes. */
export function keepInView(
  map: MapLibre,
  places: readonly Place[],
  padding: Padding,
  zoomed: boolean,
  most: number,
): void {
  if (map.isMoving()) return;
  const box = boxAround(
    places.map(([lon]) => lon),
    places.map(([, lat]) => lat),
  )!;
  const bounds: LngLatBoundsLike = [box[0], box[1], box[2], box[3]];
  const best = map.cameraForBounds(bounds, { padding, maxZoom: Math.max(most, map.getZoom()) });
  if (!best?.center) return;
  const isOut = places.some((place) => !isWithin(map, place, padding));
  if (!isOut && (zoomed || best.zoom! < map.getZoom() + CLOSER)) return;
  const zoom = isOut ? Math.min(best.zoom!, Math.max(map.getZoom(), 1)) : best.zoom!;
  const { lng, lat } = best.center as LngLat; // as cameraForBounds makes it
  send(map, { center: [lng, lat], zoom });
}

/** Not again where that has just led nowhere: places further apart than it shows would have it move for ever. */
function send(map: MapLibre, target: Camera): void {
  const last = sent.get(map);
  if (last?.rests && isSame(last.target, target) && isSame(last.rests, cameraOf(map))) return;
  const now = { target, rests: null as Camera | null };
  sent.set(map, now);
  map.once('moveend', () => (now.rests = cameraOf(map)));
  map.easeTo({ center: [...target.center], zoom: target.zoom, duration: TAKES_MS });
}

function isSame(a: Camera, b: Camera): boolean {
  const isNear = (i: 0 | 1) => Math.abs(a.center[i] - b.center[i]) < 1e-6;
  return isNear(0) && isNear(1) && Math.abs(a.zoom - b.zoom) < 0.01;
}

function isWithin(map: MapLibre, [lon, lat]: Place, padding: Padding): boolean {
  const { clientWidth: width, clientHeight: height } = map.getCanvas();
  const { x, y } = map.project([lon, lat]);
  const slack = 0.5; // of what is kept free: where it has come to after a move is not out again
  return (
    x >= slack * padding.left &&
    x <= width - slack * padding.right &&
    y >= slack * padding.top &&
    y <= height - slack * padding.bottom
  );
}
