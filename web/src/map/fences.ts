/** Geofences under the devices. One lights up for a moment when somebody enters or leaves it. */
import type { Feature, FeatureCollection, Geometry, Position } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Geofence } from '../api';
import { PAINT, type Theme } from './flavors';

const SOURCE = 'geofences';
const CORNERS = 96;
const LIT_MS = 2_500;
const METRES_PER_DEGREE = 111_319.49;
const PIXELS_PER_METRE_AT_0 = 512 / 40_075_016.7;

export function addFences(map: MapLibre, fences: readonly Geofence[], theme: Theme): void {
  const { fence, fenceLabel, halo } = PAINT[theme];
  const lit = ['boolean', ['feature-state', 'lit'], false];
  map.addSource(SOURCE, { type: 'geojson', data: drawable(fences), promoteId: 'id', tolerance: 0.05 }); // circles stay round
  map.addLayer({
    id: 'fence-fill', type: 'fill', source: SOURCE, filter: ['!=', ['geometry-type'], 'LineString'],
    paint: { 'fill-color': fence, 'fill-opacity': ['case', lit, 0.26, 0.09] as never, 'fill-opacity-transition': { duration: 600, delay: 0 } },
  });
  map.addLayer({
    id: 'fence-corridor', type: 'line', source: SOURCE, filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': fence, 'line-opacity': 0.16, 'line-width': widthInMetres() as never },
  });
  map.addLayer({
    id: 'fence-line', type: 'line', source: SOURCE,
    paint: { 'line-color': fence, 'line-width': ['case', lit, 2.5, 1.5] as never, 'line-opacity': 0.85 },
  });
  map.addLayer({
    id: 'fence-name', type: 'symbol', source: SOURCE, minzoom: 10,
    layout: { 'text-field': ['get', 'name'], 'text-font': ['Noto Sans Medium'], 'text-size': 12, 'text-max-width': 8 },
    paint: { 'text-color': fenceLabel, 'text-halo-color': halo, 'text-halo-width': 1.4 },
  });
}

export function showFences(map: MapLibre, fences: readonly Geofence[]): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(drawable(fences));
}

export function light(map: MapLibre, id: string): void {
  if (!map.getSource(SOURCE)) return;
  map.setFeatureState({ source: SOURCE, id }, { lit: true });
  setTimeout(() => {
    if (map.style && map.getSource(SOURCE)) map.setFeatureState({ source: SOURCE, id }, { lit: false });
  }, LIT_MS);
}

function drawable(fences: readonly Geofence[]): FeatureCollection {
  return { type: 'FeatureCollection', features: fences.map(drawableFence) };
}

function drawableFence(fence: Geofence): Feature {
  const { id, name, geometry, radius, width } = fence;
  const properties = { id, name, width: width ?? 0, lat: 0 };
  if (geometry.type === 'LineString') properties.lat = geometry.coordinates[0]?.[1] ?? 0;
  const shape: Geometry = geometry.type === 'Point' ? circle(geometry.coordinates, radius ?? 0) : geometry;
  return { type: 'Feature', properties, geometry: shape };
}

/** A circle to look at. The server decides by the geodesic; at zoom 20 the two differ by less than a line's width. */
function circle(centre: Position, radius: number): Geometry {
  const [lon = 0, lat = 0] = centre;
  const north = radius / METRES_PER_DEGREE;
  const east = north / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const ring = Array.from({ length: CORNERS + 1 }, (_, i) => {
    const turn = (2 * Math.PI * (i % CORNERS)) / CORNERS;
    return [lon + east * Math.cos(turn), lat + north * Math.sin(turn)];
  });
  return { type: 'Polygon', coordinates: [ring] };
}

/** Doubles with each zoom; Mercator stretches by the cosine of the latitude. */
function widthInMetres(): unknown {
  const stretch = ['/', ['get', 'width'], ['max', 0.01, ['cos', ['*', ['get', 'lat'], Math.PI / 180]]]];
  const at = (zoom: number) => ['*', stretch, PIXELS_PER_METRE_AT_0 * 2 ** zoom];
  return ['interpolate', ['exponential', 2], ['zoom'], 0, at(0), 22, at(22)];
}
