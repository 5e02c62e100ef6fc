/** The discs over the map: what the devices in view are grouped to, what a click on one does. */
import type { Map as MapLibre } from 'maplibre-gl';
import type { DeviceTable } from '../live/devices';
import type { Cell } from '../live/frames';
import { boxAround } from './bounds';
import { type Disc, discAt, radiusOf, showCells } from './cells';
import type { Cluster } from './clusters';
import type { DeviceLayer } from './device-layer';
import { Fan } from './fan';
import type { Round } from './labels';
import { latitude, longitude } from './mercator';

const CLOSEST = 18; // where a zoom parts them no more, they are fanned out
const STEP = 2; // zoom levels into a cell of which we know no more than its count

export class Crowds {
  discs: readonly Disc[] = [];
  private cells: readonly Cell[] = []; // as the server counts them
  private clusters: readonly Cluster[] = [];
  private readonly fan: Fan;

  constructor(
    private readonly map: MapLibre,
    private readonly layer: DeviceLayer,
    private readonly table: DeviceTable,
    picked: (row: number) => void,
    private readonly isLost: () => boolean,
  ) {
    this.fan = new Fan(map, table, picked);
    layer.grouped = (clusters) => this.show(this.cells, clusters);
  }

  showCells(cells: readonly Cell[]): void {
    this.show(cells, this.clusters);
  }

  private show(cells: readonly Cell[], clusters: readonly Cluster[]): void {
    const discs = [
      ...clusters.map(({ rows, x, y, silent, status }) => ({
        lon: longitude(x),
        lat: latitude(y),
        count: rows.length,
        silent,
        status,
      })),
      ...cells.map(({ lon, lat, count, silent, status }) => ({ lon, lat, count, silent, status })),
    ];
    this.cells = cells;
    this.clusters = clusters;
    if (sameDiscs(discs, this.discs)) return;
    this.discs = discs;
    if (!this.isLost()) showCells(this.map, discs);
  }

  /** Where they are on the screen. */
  findRounds(): readonly Round[] {
    const { lng } = this.map.getCenter();
    return this.discs.map(({ lon, lat, count }) => {
      const { x, y } = this.map.project([lon + 360 * Math.round((lng - lon) / 360), lat]); // on this copy of the world
      return { x, y, radius: radiusOf(count) };
    });
  }

  isOn(x: number, y: number): boolean {
    return this.discs.length > 0 && discAt(this.map, [x, y]) !== null;
  }

  /** The devices of the disc there; of one that the server counted nothing more is known. */
  rowsAt(x: number, y: number): readonly number[] {
    const index = this.discs.length > 0 ? discAt(this.map, [x, y]) : null;
    return (index === null ? undefined : this.clusters[index])?.rows ?? [];
  }

  /** True where there is a disc to open: by going nearer, or where that would part nothing, by laying its devices out. */
  open(x: number, y: number): boolean {
    this.fan.close();
    const index = this.discs.length > 0 ? discAt(this.map, [x, y]) : null;
    const disc = index === null ? undefined : this.discs[index];
    if (index === null || !disc) return false;
    const cluster = this.clusters[index];
    if (cluster) this.part(cluster, [disc.lon, disc.lat]);
    else this.map.easeTo({ center: [disc.lon, disc.lat], zoom: this.map.getZoom() + STEP });
    return true;
  }

  private part({ rows }: Cluster, place: [number, number]): void {
    const box = boxAround(
      rows.map((row) => this.table.lonE7[row]! / 1e7),
      rows.map((row) => this.table.latE7[row]! / 1e7),
    )!;
    const camera = this.map.cameraForBounds([box[0], box[1], box[2], box[3]], { padding: 90, maxZoom: 20 });
    const zoom = camera?.zoom ?? CLOSEST;
    if (zoom > CLOSEST && this.map.getZoom() > CLOSEST - STEP) this.fan.open(rows, this.layer.markers, place);
    else if (camera?.center) this.map.easeTo({ center: camera.center, zoom: Math.min(CLOSEST, zoom), duration: 700 });
  }
}

function sameDiscs(a: readonly Disc[], b: readonly Disc[]): boolean {
  return (
    a.length === b.length &&
    a.every((disc, i) => {
      const other = b[i]!;
      const isHere = disc.lon === other.lon && disc.lat === other.lat;
      return isHere && disc.count === other.count && disc.silent === other.silent && disc.status === other.status;
    })
  );
}
