/** Where there are too many devices to send, the server counts them by cell; each is a disc with its number. */
import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Cell } from '../live/frames';
import { PAINT, type Theme } from './flavors';

const SOURCE = 'cells';

export function addCells(map: MapLibre, cells: readonly Cell[], theme: Theme): void {
  const { cell, cellText, halo } = PAINT[theme];
  map.addSource(SOURCE, { type: 'geojson', data: collection(cells) });
  map.addLayer({
    id: 'cell-disc',
    type: 'circle',
    source: SOURCE,
    paint: {
      'circle-color': cell,
      'circle-opacity': 0.8,
      'circle-stroke-color': halo,
      'circle-stroke-width': 1.5,
      'circle-radius': ['interpolate', ['linear'], ['log10', ['get', 'count']], 0, 6, 2, 14, 5, 30] as never,
    },
  });
  map.addLayer({
    id: 'cell-count',
    type: 'symbol',
    source: SOURCE,
    layout: { 'text-field': ['get', 'label'], 'text-font': ['Noto Sans Medium'], 'text-size': 11 },
    paint: { 'text-color': cellText },
  });
}

export function showCells(map: MapLibre, cells: readonly Cell[]): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(collection(cells));
}

function collection(cells: readonly Cell[]): FeatureCollection {
  const short = new Intl.NumberFormat(undefined, { notation: 'compact' });
  return {
    type: 'FeatureCollection',
    features: cells.map(({ lon, lat, count }) => ({
      type: 'Feature',
      properties: { count, label: short.format(count) },
      geometry: { type: 'Point', coordinates: [lon, lat] },
    })),
  };
}
