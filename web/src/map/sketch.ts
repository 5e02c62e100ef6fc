/** Under a shape while it is drawn: the whole width of a corridor, where fixes decide nothing yet, and where a line goes
 * through itself. */
import type { FeatureCollection, Position } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { addCorridor, widthInMetres } from './fences';
import { PAINT, type Theme } from './flavors';

export interface Sketch {
  readonly way: readonly Position[]; // of a corridor
  readonly width: number; // m
  readonly border: readonly Position[]; // along which fixes say nothing until they lie clear of it
  readonly margin: number; // m, to each side
  readonly crossings: readonly Position[];
}

const SOURCE = 'sketch';
const UNSURE = 'sketch-unsure';
export const NO_SKETCH: Sketch = { way: [], width: 0, border: [], margin: 0, crossings: [] };

export function addSketch(map: MapLibre, sketch: Sketch, theme: Theme): void {
  map.addSource(UNSURE, { type: 'geojson', data: unsure(sketch) });
  addCorridor(map, UNSURE, UNSURE, PAINT[theme].silent, 0.3);
  map.setPaintProperty(UNSURE, 'line-gap-width', widthInMetres('gap') as never);
  map.addSource(SOURCE, { type: 'geojson', data: collection(sketch) });
  addCorridor(map, 'sketch-width', SOURCE, PAINT[theme].fence, 0.22);
  map.addLayer({
    id: 'sketch-crossing',
    type: 'circle',
    source: SOURCE,
    filter: ['==', ['geometry-type'], 'Point'],
    paint: {
      'circle-radius': 11,
      'circle-color': PAINT[theme].wrong,
      'circle-opacity': 0.3,
      'circle-stroke-color': PAINT[theme].wrong,
      'circle-stroke-width': 2.5,
    },
  });
}

export function showSketch(map: MapLibre, sketch: Sketch): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(collection(sketch));
  (map.getSource(UNSURE) as GeoJSONSource | undefined)?.setData(unsure(sketch));
}

/** As wide as fixes are in doubt: along a border; of a corridor on both sides of its way, half its width away. One that
 * is narrower than that is in doubt as a whole. */
export function unsure({ way, width, border, margin }: Sketch): FeatureCollection {
  const line = way.length > 1 ? way : border;
  const gap = way.length > 1 ? Math.max(0, width - 2 * margin) : 0;
  const broad = gap > 0 ? 2 * margin : 2 * margin + (way.length > 1 ? width : 0);
  const properties = { width: broad, gap, lat: line[0]?.[1] ?? 0 };
  const geometry = { type: 'LineString' as const, coordinates: [...line] };
  return {
    type: 'FeatureCollection',
    features: margin > 0 && line.length > 1 ? [{ type: 'Feature', properties, geometry }] : [],
  };
}

function collection({ way, width, crossings }: Sketch): FeatureCollection {
  const lat = way[0]?.[1] ?? 0;
  const lines = way.length > 1 && width > 0 ? [{ type: 'LineString' as const, coordinates: [...way] }] : [];
  const marks = crossings.map((place) => ({ type: 'Point' as const, coordinates: place }));
  return {
    type: 'FeatureCollection',
    features: [...lines, ...marks].map((geometry) => ({ type: 'Feature', properties: { width, lat }, geometry })),
  };
}
