/**
 * Drawing a shape and moving its corners, by terra-draw. A chunk of its own: most people never draw.
 * Holds one shape; circles are shown as rings and told as centre and radius.
 */
import type { Geometry, LineString, Polygon, Position } from 'geojson';
import {
  type SnapToCustom,
  TerraDraw,
  TerraDrawCircleMode,
  TerraDrawLineStringMode,
  TerraDrawModeUndoRedo,
  type TerraDrawMouseEvent,
  TerraDrawPolygonMode,
  TerraDrawSelectMode,
} from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import type { FenceKind, Geofence } from '../api/geofences';
import { isWriting } from '../focus';
import { type Edges, edgesOf, snap } from '../geofences/snap';
import { circleOf, ring, rounded } from './circle';
import { PAINT, type Theme } from './flavors';
import type { MapView, Overlay } from './view';

export interface Shape {
  readonly geometry: Geometry;
  readonly radius: number | null; // m, of a Point
}

const MODE: Record<FenceKind, string> = { polygon: 'polygon', circle: 'circle', corridor: 'linestring' };
const CORNERS = 64; // of a circle; one of them is its handle
const KEYS = { deselect: null, delete: null, rotate: null, scale: null }; // the form has buttons for what these would do

export class Drawing implements Overlay {
  private draw: TerraDraw | null = null; // none while the map has no style
  private shape: Shape | null;
  private id: string | number | null = null;
  private edges: readonly Edges[] = []; // of the other geofences

  /** Begins with a shape to change, or with drawing one; `drawn` is told each new state of it. */
  constructor(
    private readonly view: MapView,
    private readonly kind: FenceKind,
    shape: Shape | null,
    private readonly drawn: (shape: Shape) => void,
    private readonly sketched: (places: readonly Position[]) => void,
    /** Whether a corner set near another geofence is set on it. */
    private readonly snaps: () => boolean,
  ) {
    this.shape = shape;
    view.cover(this);
  }

  close(): void {
    this.view.cover(null);
  }

  /** The form says another radius or place. */
  reshape(shape: Shape): void {
    this.shape = shape;
    if (this.draw && this.id !== null) this.draw.updateFeatureGeometry(this.id, held(shape));
  }

  dress(theme: Theme): void {
    const { map } = this.view;
    this.draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 7 }),
      modes: modes(theme, this.kind, { toCustom: (event) => this.snapTo(event) }),
      undoRedo: { modeLevel: new TerraDrawModeUndoRedo() },
    });
    this.draw.start();
    this.draw.on('change', () => this.changed());
    this.draw.on('finish', (id) => this.finished(id));
    if (this.shape) this.hold(this.shape);
    else this.draw.setMode(MODE[this.kind]);
    if (!isWriting()) map.getCanvas().focus({ preventScroll: true }); // Enter finishes, where a person has not gone on to the form
  }

  /** Of the corners set so far, while it is being drawn; false where there is none to take back. */
  undo(): boolean {
    return this.id === null && this.draw?.canUndo() === true && this.draw.undo();
  }

  redo(): boolean {
    return this.id === null && this.draw?.canRedo() === true && this.draw.redo();
  }

  /** What a corner may be set on from now on. */
  surround(fences: readonly Geofence[]): void {
    this.edges = edgesOf(fences);
  }

  /** Not while Alt is held. */
  private snapTo({ containerX, containerY, heldKeys }: TerraDrawMouseEvent): Position | undefined {
    if (!this.snaps() || heldKeys.includes('Alt')) return undefined;
    const { map } = this.view;
    const place = snap(this.edges, containerX, containerY, {
      project: ([lon = 0, lat = 0]) => map.project([lon, lat]),
      unproject: (x, y) => map.unproject([x, y]).toArray(),
    });
    return place ? flat(place) : undefined;
  }

  /** With each move of the hand. */
  private changed(): void {
    const mode = MODE[this.kind];
    const found = this.draw
      ?.getSnapshot() // where it would snap to is a point of the same mode
      .find(({ geometry, properties }) => properties['mode'] === mode && geometry.type !== 'Point');
    const geometry = found?.geometry;
    if (geometry?.type === 'LineString') this.sketched(geometry.coordinates);
    else if (geometry?.type === 'Polygon') this.sketched(geometry.coordinates[0] ?? []);
  }

  undress(): void {
    this.draw?.stop();
    this.draw = this.id = null;
  }

  private hold(shape: Shape): void {
    const draw = this.draw!;
    const id = draw.getFeatureId();
    draw.addFeatures([{ type: 'Feature', id, geometry: held(shape), properties: { mode: MODE[this.kind] } }]);
    this.select(id);
  }

  private select(id: string | number): void {
    this.id = id;
    this.draw!.setMode('select');
    this.draw!.selectFeature(id);
  }

  /** Of the drawing, and of each move after it. */
  private finished(id: string | number): void {
    const found = this.draw?.getSnapshotFeature(id);
    if (!found) return;
    this.shape = told(this.kind, found.geometry as Polygon | LineString);
    if (this.id === null) this.redraw(id);
    else if (this.kind === 'circle') this.draw!.updateFeatureGeometry(id, held(this.shape)); // round again
    this.drawn(this.shape);
  }

  /** What was drawn becomes what is held: a circle with our corners. Not within terra-draw's own event. */
  private redraw(id: string | number): void {
    this.id = id;
    queueMicrotask(() => {
      if (!this.draw || !this.shape) return;
      this.draw.setMode('select');
      this.draw.removeFeatures([id]);
      this.hold(this.shape);
    });
  }
}

function held(shape: Shape): Polygon | LineString {
  if (shape.geometry.type === 'Point') return ring(shape.geometry.coordinates, shape.radius ?? 0, CORNERS);
  const exact = shape.geometry as Polygon | LineString;
  if (exact.type === 'LineString') return { type: 'LineString', coordinates: exact.coordinates.map(flat) };
  return { type: 'Polygon', coordinates: [closed(exact.coordinates[0]!.map(flat))] };
}

function told(kind: FenceKind, geometry: Polygon | LineString): Shape {
  if (kind !== 'circle') return { geometry, radius: null };
  const { centre, radius } = circleOf(geometry as Polygon);
  return { geometry: { type: 'Point', coordinates: centre }, radius };
}

function flat(place: Position): Position {
  return [rounded(place[0]!), rounded(place[1]!)];
}

function closed(places: Position[]): Position[] {
  const [first, last] = [places[0]!, places.at(-1)!];
  return first[0] === last[0] && first[1] === last[1] ? places : [...places, first];
}

interface Corner {
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** A circle has its eastern corner to be seen and dragged; the others would look like a chain of beads. */
function isHandle({ properties }: Corner): boolean {
  return properties?.['index'] === 0;
}

function modes(
  theme: Theme,
  kind: FenceKind,
  snapping: { readonly toCustom: SnapToCustom },
): (TerraDrawPolygonMode | TerraDrawCircleMode | TerraDrawLineStringMode | TerraDrawSelectMode)[] {
  const { fence, halo } = PAINT[theme];
  const area = { fillColor: fence, fillOpacity: 0.18, outlineColor: fence, outlineWidth: 2 } as const;
  const finish = { cancel: null, finish: 'Enter' };
  const handles = {
    selectedPolygonColor: fence,
    selectedPolygonFillOpacity: 0.18,
    selectedPolygonOutlineColor: fence,
    selectedPolygonOutlineWidth: 2,
    selectedLineStringColor: fence,
    selectedLineStringWidth: 3,
    selectionPointColor: halo,
    selectionPointOutlineColor: fence,
    selectionPointWidth: kind === 'circle' ? (corner: Corner) => (isHandle(corner) ? 7 : 0) : 5,
    selectionPointOutlineWidth: kind === 'circle' ? (corner: Corner) => (isHandle(corner) ? 2 : 0) : 2,
    midPointColor: fence,
    midPointOutlineColor: halo,
    midPointWidth: 4,
    midPointOpacity: 0.6,
  } as const;
  const corners = {
    feature: {
      draggable: true,
      coordinates: { midpoints: true, draggable: true, deletable: true, snappable: snapping },
    },
  };
  const size = { feature: { draggable: true, coordinates: { resizable: 'center-fixed' as const } } };
  return [
    new TerraDrawPolygonMode({
      keyEvents: finish,
      snapping,
      styles: { ...area, closingPointColor: fence, closingPointOutlineColor: halo, closingPointWidth: 6 },
    }),
    new TerraDrawCircleMode({ keyEvents: finish, styles: area }),
    new TerraDrawLineStringMode({
      keyEvents: finish,
      snapping,
      styles: { lineStringColor: fence, lineStringWidth: 3, closingPointColor: fence, closingPointOutlineColor: halo },
    }),
    new TerraDrawSelectMode({
      keyEvents: KEYS,
      allowManualDeselection: false,
      styles: handles,
      flags: { polygon: corners, linestring: corners, circle: size },
    }),
  ];
}
