/** Geofences under the devices. One lights up for a moment when somebody enters or leaves it, or as long as it is chosen. */
import type { Feature, FeatureCollection, Geometry, Position } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Geofence } from '../api/geofences';
import { type Box, boxAround } from './bounds';
import { ring } from './circle';
import { PAINT, type Theme } from './flavors';
import { placeInside } from './inside';

const SOURCE = 'geofences';
const NAMES = 'geofence-names';
const FORMER = 'former';
const CORNERS = 96;
const LABEL_LETTERS = 32;
const LIT_MS = 2_500;
const PIXELS_PER_METRE_AT_0 = 512 / 40_075_016.7;

export function addFences(map: MapLibre, fences: readonly Geofence[], theme: Theme): void {
  const { fence, fenceLabel, halo } = PAINT[theme];
  const lit = ['any', state('lit'), state('chosen')];
  map.addSource(SOURCE, { type: 'geojson', data: drawable(fences), promoteId: 'id', tolerance: 0.05 }); // circles stay round
  map.addLayer({
    id: 'fence-fill',
    type: 'fill',
    source: SOURCE,
    filter: ['!=', ['geometry-type'], 'LineString'],
    paint: {
      'fill-color': fence,
      'fill-opacity': ['case', state('lit'), 0.26, state('chosen'), 0.15, ['get', 'shade']] as never,
      'fill-opacity-transition': { duration: 600, delay: 0 },
    },
  });
  map.addLayer({
    id: 'fence-corridor',
    type: 'line',
    source: SOURCE,
    filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: {
      'line-color': fence,
      'line-opacity': ['case', lit, 0.34, 0.16] as never,
      'line-width': widthInMetres() as never,
    },
  });
  map.addLayer({
    id: 'fence-line',
    type: 'line',
    source: SOURCE,
    paint: {
      'line-color': fence,
      'line-width': ['case', lit, 2.5, 1.5] as never,
      'line-opacity': ['case', ['get', 'enabled'], 0.85, 0.35] as never,
    },
  });
  map.addSource(NAMES, { type: 'geojson', data: named(fences) });
  map.addLayer({
    id: 'fence-name',
    type: 'symbol',
    source: NAMES,
    minzoom: 10,
    layout: { 'text-field': ['get', 'name'], 'text-font': ['Noto Sans Medium'], 'text-size': 12, 'text-max-width': 8 },
    paint: { 'text-color': fenceLabel, 'text-halo-color': halo, 'text-halo-width': 1.4 },
  });
}

/** The border that decided an event, where it is another by now: dashed, over those there are. */
export function addFormer(map: MapLibre, fence: Geofence | null, theme: Theme): void {
  map.addSource(FORMER, { type: 'geojson', data: drawable(fence ? [fence] : []), tolerance: 0.05 });
  addCorridor(map, 'former-corridor', FORMER, PAINT[theme].fence, 0.2);
  map.addLayer({
    id: 'former-line',
    type: 'line',
    source: FORMER,
    paint: { 'line-color': PAINT[theme].fence, 'line-width': 2, 'line-dasharray': [3, 2] },
  });
}

export function showFormer(map: MapLibre, fence: Geofence | null): void {
  (map.getSource(FORMER) as GeoJSONSource | undefined)?.setData(drawable(fence ? [fence] : []));
}

export function showFences(map: MapLibre, fences: readonly Geofence[]): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(drawable(fences));
  (map.getSource(NAMES) as GeoJSONSource | undefined)?.setData(named(fences));
}

function state(name: string): unknown {
  return ['boolean', ['feature-state', name], false];
}

export function choose(map: MapLibre, id: string, chosen: boolean): void {
  if (map.getSource(SOURCE)) map.setFeatureState({ source: SOURCE, id }, { chosen });
}

/** The box around a geofence, circles and all. Null for one without places. */
export function boxOf(fence: Geofence): Box | null {
  const places: Position[] = [];
  collect((drawableFence(fence).geometry as { coordinates?: unknown }).coordinates, places);
  return boxAround(
    places.map((place) => place[0]!),
    places.map((place) => place[1]!),
  );
}

function collect(value: unknown, into: Position[]): void {
  if (!Array.isArray(value)) return;
  if (typeof value[0] === 'number') into.push(value as Position);
  else for (const each of value) collect(each, into);
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

function named(fences: readonly Geofence[]): FeatureCollection {
  const features = fences.flatMap(({ name, geometry }): Feature[] => {
    const coordinates = placeInside(geometry);
    if (!coordinates) return [];
    return [{ type: 'Feature', properties: { name: cut(name) }, geometry: { type: 'Point', coordinates } }];
  });
  return { type: 'FeatureCollection', features };
}

export function drawableFence(fence: Geofence): Feature {
  const { id, geometry, radius, width, enabled } = fence;
  const properties = { id, width: width ?? 0, lat: 0, enabled, shade: enabled ? 0.09 : 0.03 };
  if (geometry.type === 'LineString') properties.lat = geometry.coordinates[0]?.[1] ?? 0;
  const shape: Geometry = geometry.type === 'Point' ? ring(geometry.coordinates, radius ?? 0, CORNERS) : geometry;
  return { type: 'Feature', properties, geometry: shape };
}

/** A name without spaces is never broken by the map, and one of a hundred letters would lie across it. */
function cut(name: string): string {
  const letters = [...name];
  return letters.length > LABEL_LETTERS ? `${letters.slice(0, LABEL_LETTERS).join('')}…` : name;
}

/** The lines of a source as wide as their corridors are. */
export function addCorridor(map: MapLibre, id: string, source: string, color: string, opacity: number): void {
  map.addLayer({
    id,
    type: 'line',
    source,
    filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': color, 'line-opacity': opacity, 'line-width': widthInMetres() as never },
  });
}

/** Doubles with each zoom; Mercator stretches by the cosine of the latitude. */
export function widthInMetres(property = 'width'): unknown {
  const stretch = ['/', ['get', property], ['max', 0.01, ['cos', ['*', ['get', 'lat'], Math.PI / 180]]]];
  const at = (zoom: number) => ['*', stretch, PIXELS_PER_METRE_AT_0 * 2 ** zoom];
  return ['interpolate', ['exponential', 2], ['zoom'], 0, at(0), 22, at(22)];
}
