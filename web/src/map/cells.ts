/** Discs with a number: devices that lie on one another, or by cell where there are too many to send. */
import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { Status } from '../live/frames';
import { locale, words } from '../words';
import { PAINT, type Theme } from './flavors';

export interface Disc {
  readonly lon: number;
  readonly lat: number;
  readonly count: number;
  readonly silent: number; // of them; the worst a device can be
  readonly status: Status; // the worst of theirs
}

/** Radii (px) by the power of ten of the count. */
const RADII = [
  [0, 11],
  [2, 16],
  [5, 30],
] as const;
const RIM = 3.5;
const SOURCE = 'cells';

export function addCells(map: MapLibre, discs: readonly Disc[], theme: Theme): void {
  const { cell, cellText, cellStopped, cellUnknown, cellUnknownText, halo, silent, silentText } = PAINT[theme];
  const hasSilent = ['>', ['get', 'silent'], 0];
  const isUnknown = ['==', ['get', 'status'], Status.Unknown];
  map.addSource(SOURCE, { type: 'geojson', data: collection(discs) });
  map.addLayer({
    id: 'cell-disc',
    type: 'circle',
    source: SOURCE,
    paint: {
      // hollow where of one nothing is known: told apart without colour, too
      'circle-color': ['match', ['get', 'status'], Status.Moving, cell, Status.Stopped, cellStopped, halo] as never,
      'circle-opacity': 0.92,
      'circle-stroke-color': ['case', hasSilent, silent, isUnknown, cellUnknown, halo] as never,
      'circle-stroke-width': ['case', hasSilent, RIM, isUnknown, 2.5, 2] as never,
      'circle-radius': ['interpolate', ['linear'], ['log10', ['get', 'count']], ...RADII.flat()] as never,
    },
  });
  map.addLayer({
    id: 'cell-count',
    type: 'symbol',
    source: SOURCE,
    layout: {
      'text-field': ['get', 'label'],
      'text-font': ['Noto Sans Medium'],
      'text-size': 12,
      'text-allow-overlap': true,
      'text-ignore-placement': true,
    },
    paint: { 'text-color': ['case', isUnknown, cellUnknownText, cellText] as never },
  });
  map.addLayer({
    id: 'cell-silent',
    type: 'symbol',
    source: SOURCE,
    filter: hasSilent as never,
    layout: {
      'text-field': ['get', 'note'],
      'text-font': ['Noto Sans Medium'],
      'text-size': 11,
      'text-anchor': 'top',
      'text-offset': [0, 1.6],
    },
    paint: { 'text-color': silentText, 'text-halo-color': halo, 'text-halo-width': 1.5 },
  });
}

export function showCells(map: MapLibre, discs: readonly Disc[]): void {
  (map.getSource(SOURCE) as GeoJSONSource | undefined)?.setData(collection(discs));
}

/** In px with its rim, as it is drawn where one is silent. */
export function radiusOf(count: number): number {
  const size = Math.min(5, Math.log10(count));
  const i = Math.max(
    1,
    RADII.findIndex(([to]) => size <= to),
  );
  const [[from, small], [to, large]] = [RADII[i - 1]!, RADII[i]!];
  return RIM + small + ((large - small) * Math.max(0, size - from)) / (to - from);
}

/** Which disc a pixel is on, by its place in the list; null for none. */
export function discAt(map: MapLibre, point: [number, number]): number | null {
  if (!map.getLayer('cell-disc')) return null;
  const [found] = map.queryRenderedFeatures(point, { layers: ['cell-disc'] });
  return found ? Number(found.properties['index']) : null;
}

function collection(discs: readonly Disc[]): FeatureCollection {
  const short = new Intl.NumberFormat(locale.value, { notation: 'compact' });
  return {
    type: 'FeatureCollection',
    features: discs.map(({ lon, lat, count, silent, status }, index) => ({
      type: 'Feature',
      properties: {
        index,
        count,
        silent,
        status,
        label: short.format(count),
        note: words.value.map.silent(short.format(silent)),
      },
      geometry: { type: 'Point', coordinates: [lon, lat] },
    })),
  };
}
