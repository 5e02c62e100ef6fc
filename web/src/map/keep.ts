/** Keeping several places in view: the map moves only when one leaves, or when all have come close together. */
import type { LngLatBoundsLike, Map as MapLibre } from 'maplibre-gl';
import { boxAround, type Padding } from './bounds';

const CLOSER = 1.5; // zoom levels nearer they would all still be in view: less, and each turn of a road would zoom
const TAKES_MS = 900;

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
  map.easeTo({ center: best.center, zoom, duration: TAKES_MS });
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
