/** Places of events that a trial found. */
import type { Position } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { PAINT, type Theme } from './flavors';

const SOURCE = 'dots';

export function addDots(map: MapLibre, places: readonly Position[], theme: Theme): void {
  const { trail, halo } = PAINT[theme];
  map.addSource(SOURCE, { type: 'geojson', data: feature(places) });
  map.addLayer({
    id: 'dots',
    type: 'circle',
    source: SOURCE,
    paint: {
      'circle-radius': 4,
      'circle-color': trail,
      'circle-opacity': 0.75,
      'circle-stroke-width': 1.5,
      'circle-stroke-color': halo,
    },
  });
}

export function showDots(map: MapLibre, places: readonly Position[]): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(feature(places));
}

function feature(places: readonly Position[]): GeoJSON.Feature {
  return { type: 'Feature', properties: {}, geometry: { type: 'MultiPoint', coordinates: [...places] } };
}
