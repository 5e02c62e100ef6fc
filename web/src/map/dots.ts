/** Places of what one looks at: events that a trial found, fixes that decided, a moment of a chart. */
import type { Position } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { PAINT, type Theme } from './flavors';

const SOURCE = 'dots';

export interface Dots {
  readonly places: readonly Position[];
  readonly chosen: number; // the one that is shown larger; -1: none
}

export function addDots(map: MapLibre, dots: Dots, theme: Theme): void {
  const { trail, halo } = PAINT[theme];
  map.addSource(SOURCE, { type: 'geojson', data: collection(dots) });
  map.addLayer({
    id: 'dots',
    type: 'circle',
    source: SOURCE,
    paint: {
      'circle-radius': ['case', ['==', ['get', 'chosen'], true], 9, 4],
      'circle-color': trail,
      'circle-opacity': 0.75,
      'circle-stroke-width': 1.5,
      'circle-stroke-color': halo,
    },
  });
}

export function showDots(map: MapLibre, dots: Dots): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(collection(dots));
}

function collection({ places, chosen }: Dots): GeoJSON.FeatureCollection {
  const features = places.map((coordinates, i) => ({
    type: 'Feature' as const,
    properties: { chosen: i === chosen },
    geometry: { type: 'Point' as const, coordinates },
  }));
  return { type: 'FeatureCollection', features };
}
