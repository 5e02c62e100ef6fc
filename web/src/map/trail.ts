/** Where devices have been: from the server's tracks, then from what it sends. */
import type { Position } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { PAINT, type Theme } from './flavors';

const SOURCE = 'trail';
const LONGEST = 2_000; // points; the oldest are dropped

export type Line = readonly Position[];

export function addTrails(map: MapLibre, lines: readonly Line[], theme: Theme): void {
  const { trail } = PAINT[theme];
  map.addSource(SOURCE, { type: 'geojson', lineMetrics: true, data: collection(lines) });
  map.addLayer({
    id: 'trail',
    type: 'line',
    source: SOURCE,
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: {
      'line-width': 4,
      'line-gradient': ['interpolate', ['linear'], ['line-progress'], 0, `${trail}00`, 0.5, `${trail}80`, 1, trail],
    },
  });
}

export function showTrails(map: MapLibre, lines: readonly Line[]): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(collection(lines));
}

export function extend(line: Line, lon: number, lat: number): Line {
  const last = line.at(-1);
  // Longitudes run on past 180, as in the server's tracks: else the line would go round the world.
  const on = last ? lon + 360 * Math.round((last[0]! - lon) / 360) : lon;
  if (last && last[0] === on && last[1] === lat) return line;
  return [...line.slice(-LONGEST + 1), [on, lat]];
}

function collection(lines: readonly Line[]): GeoJSON.FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: lines
      .filter((line) => line.length > 1)
      .map((line) => ({
        type: 'Feature',
        properties: {},
        geometry: { type: 'LineString', coordinates: [...line] },
      })),
  };
}
