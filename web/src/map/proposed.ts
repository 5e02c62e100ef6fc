/** Geofences that are looked at, and not taken in yet: those of a file, and what somebody else made of one that is edited. */
import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Proposed } from '../api/imports';
import { boxAround } from './bounds';
import { addCorridor, boxOf, drawableFence } from './fences';
import { PAINT, type Theme } from './flavors';

const PROPOSED = 'proposed';
const CLOSEST = 15; // zoom

/** Over what there is: dashed, and in another colour where it takes something's place. */
export class Proposals {
  private proposed: readonly Proposed[] = [];

  /** `find`: the map, while it has a style to speak to. */
  constructor(private readonly find: () => MapLibre | null) {}

  dress(map: MapLibre, theme: Theme): void {
    const { fence, silent } = PAINT[theme];
    const color = ['case', ['==', ['get', 'becomes'], 'replaced'], silent, fence];
    map.addSource(PROPOSED, { type: 'geojson', data: drawableProposed(this.proposed), tolerance: 0.05 });
    map.addLayer({
      id: 'proposed-fill',
      type: 'fill',
      source: PROPOSED,
      filter: ['!=', ['geometry-type'], 'LineString'],
      paint: { 'fill-color': color as never, 'fill-opacity': 0.12 },
    });
    addCorridor(map, 'proposed-corridor', PROPOSED, fence, 0.2);
    map.addLayer({
      id: 'proposed-line',
      type: 'line',
      source: PROPOSED,
      paint: { 'line-color': color as never, 'line-width': 2, 'line-dasharray': [2, 1.5] },
    });
  }

  /** The map stays where it is. */
  lay(proposed: readonly Proposed[]): void {
    if (!proposed.length && !this.proposed.length) return;
    this.proposed = proposed;
    (this.find()?.getSource(PROPOSED) as GeoJSONSource | undefined)?.setData(drawableProposed(proposed));
  }

  /** The map goes there. */
  show(proposed: readonly Proposed[]): void {
    this.lay(proposed);
    const map = this.find();
    if (!map) return;
    const boxes = proposed.map(({ fence }) => boxOf(fence)).filter((box) => box !== null);
    const box = boxAround(
      boxes.flatMap((each) => [each[0], each[2]]),
      boxes.flatMap((each) => [each[1], each[3]]),
    );
    if (box) map.fitBounds([box[0], box[1], box[2], box[3]], { padding: 60, maxZoom: CLOSEST, duration: 1000 });
  }
}

function drawableProposed(proposed: readonly Proposed[]): FeatureCollection {
  const features = proposed
    .filter((each) => each.becomes !== 'unchanged')
    .map(({ fence, becomes }) => {
      const feature = drawableFence(fence);
      return { ...feature, properties: { ...feature.properties, becomes } };
    });
  return { type: 'FeatureCollection', features };
}
