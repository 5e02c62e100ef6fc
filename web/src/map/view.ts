/** The map as a whole: ground, geofences, trail, devices, names; and what a person does with it. */
import type { Position } from 'geojson';
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import type { Geofence } from '../api/geofences';
import type { Feed } from '../live/feed';
import type { Cell, Viewport } from '../live/frames';
import { basemap, type Ground, readTilesInRanges } from './basemap';
import { boxAround, type Padding } from './bounds';
import { findInBox, watchBoxes } from './box';
import { type Camera, cameraOf, rememberCamera, rememberedCamera } from './camera';
import { addCells } from './cells';
import { Crowds } from './crowds';
import { DeviceLayer } from './device-layer';
import { addDots, type Dots, showDots } from './dots';
import { addFences, addFormer, boxOf, choose, light, showFences, showFormer } from './fences';
import { PAINT, type Theme } from './flavors';
import { keepInView } from './keep';
import { DeviceLabels } from './labels';
import { Lack } from './lack';
import { locale } from './locale';
import { Proposals } from './proposed';
import { addSketch, NO_SKETCH, type Sketch, showSketch } from './sketch';
import { addTrails, type Line, showTrails } from './trail';

export interface MapListener {
  looked(bounds: Viewport, zoom: number): void;
  picked(row: number | null): void;
  /** Pointed at together with what was before: one, or all of a disc or a box. */
  added(rows: readonly number[]): void;
  /** A person moved the map: it no longer follows. */
  grabbed(): void;
  /** A person has moved it there. */
  steered(camera: Camera): void;
  broughtOut(camera: Camera): void;
}

/** Something that lies over the map for a while and takes its clicks. Its layers go with each style, so it is told of them. */
export interface Overlay {
  dress(theme: Theme): void;
  undress(): void;
}

const LOOK_MS = 250; // a drag is one subscription, not sixty
const AGE_MS = 5_000;
const POINT_MS = 100;
const OUT_MS = 400;
const CLOSE_ZOOM = 15;

export class MapView {
  readonly map: MapLibre;
  readonly lack: Lack;
  readonly layer: DeviceLayer;
  /** A person had looked somewhere before, and is shown that place again. */
  readonly placed: boolean;
  readonly proposals = new Proposals(() => (this.lost ? null : this.map));
  private readonly crowds: Crowds;
  private readonly labels: DeviceLabels;
  private fences: readonly Geofence[] = [];
  private chosen: string | null = null; // geofence
  private hidden: string | null = null; // geofence
  private bare = false; // no geofence is shown
  private former: Geofence | null = null; // the border that decided an event, where it is another by now
  private sketch = NO_SKETCH;
  private overlay: Overlay | null = null;
  private dots: Dots = { places: [], chosen: -1 };
  private trails: readonly Line[] = [];
  private zoomed = false; // by hand, since the map goes along with somebody
  private readonly aging: ReturnType<typeof setInterval>;
  private pointedAt = 0; // ms
  private looking: ReturnType<typeof setTimeout> | undefined;

  /** Throws where the browser has no WebGL 2. */
  constructor(
    container: HTMLElement,
    private readonly feed: Feed,
    private theme: Theme,
    private readonly ground: Ground,
    private readonly listener: MapListener,
    asked: Camera | null = null,
  ) {
    setWorkerUrl(workerUrl);
    readTilesInRanges();
    const camera = asked ?? rememberedCamera();
    this.placed = camera !== null;
    this.map = new MapLibre({
      container,
      style: basemap(theme, ground),
      ...(camera ? { center: [...camera.center], zoom: camera.zoom } : { center: [12, 30], zoom: 1.8 }),
      minZoom: 1,
      maxZoom: 20,
      maxPitch: 60,
      attributionControl: { compact: false },
      boxZoom: false,
      locale: locale(),
      fadeDuration: 150,
    });
    // All anew after a lost GPU: the theme may have changed meanwhile.
    this.lack = new Lack(
      this.map,
      () => this.restyle(),
      () => feed.health === 'live',
    );
    this.map.addControl(new NavigationControl({ visualizePitch: true }), 'bottom-right');
    this.map.addControl(new ScaleControl(), 'bottom-left');
    this.layer = new DeviceLayer(feed.devices);
    this.layer.paint(PAINT[theme].markers);
    this.crowds = new Crowds(this.map, this.layer, feed.devices, listener.picked, () => this.lost);
    this.labels = new DeviceLabels(this.map, this.layer, feed.devices, () => this.crowds.findRounds());
    this.map.on('style.load', () => this.dress());
    this.listen();
    this.aging = setInterval(() => this.layer.age(feed.now()), AGE_MS);
  }

  remove(): void {
    clearInterval(this.aging);
    clearTimeout(this.looking);
    this.lack.stop();
    this.map.remove();
  }

  private listen(): void {
    const { map, listener } = this;
    map.on('moveend', (event) => {
      if ('originalEvent' in event && event.originalEvent) listener.steered(cameraOf(map));
      clearTimeout(this.looking);
      this.looking = setTimeout(() => this.look(), LOOK_MS);
      rememberCamera(map);
    });
    map.on('click', (event) => {
      const { x, y } = event.point;
      const { shiftKey, ctrlKey, metaKey } = event.originalEvent;
      if (this.overlay) return;
      if (shiftKey || ctrlKey || metaKey) listener.added(this.rowsAt(x, y));
      else if (!this.crowds.open(x, y)) listener.picked(this.layer.pick(x, y));
    });
    watchBoxes(
      map.getContainer(),
      () => !this.overlay,
      (box) => listener.added(findInBox(this.layer, this.feed.devices.size, box)),
    );
    map.on('mousemove', (event) => this.point(event.point.x, event.point.y));
    map.on('dragstart', () => listener.grabbed());
    map.on('movestart', ({ originalEvent: by }: { originalEvent?: unknown }) => {
      if (by instanceof KeyboardEvent && by.key.startsWith('Arrow')) listener.grabbed();
    });
    map.on('zoomstart', ({ originalEvent: by }: { originalEvent?: unknown }) => (this.zoomed ||= by !== undefined));
    const motion = matchMedia('(prefers-reduced-motion: reduce)');
    motion.onchange = () => (this.layer.still = motion.matches);
    this.layer.still = motion.matches;
  }

  /** Looks through all devices, so not with each of the hundred moves a second that a mouse makes. */
  private point(x: number, y: number): void {
    if (this.overlay || performance.now() - this.pointedAt < POINT_MS || this.map.isMoving()) return;
    this.pointedAt = performance.now();
    const open = this.crowds.isOn(x, y) || this.layer.pick(x, y) !== null;
    this.map.getCanvas().style.cursor = open ? 'pointer' : '';
  }

  private get lost(): boolean {
    return this.lack.lost;
  }

  look(): void {
    const bounds = this.map.getBounds();
    this.listener.looked(
      { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() },
      this.map.getZoom(),
    );
  }

  /** Everything of ours, over a ground just loaded. After a lost context MapLibre brings our sources back by itself. */
  private dress(): void {
    if (!this.dressed) {
      addFences(this.map, this.seen(), this.theme);
      addFormer(this.map, this.former, this.theme);
      this.proposals.dress(this.map, this.theme);
      addSketch(this.map, this.sketch, this.theme);
      addTrails(this.map, this.trails, this.theme);
      addCells(this.map, this.crowds.discs, this.theme);
      addDots(this.map, this.dots, this.theme);
    }
    if (this.map.getLayer(this.layer.id)) this.map.removeLayer(this.layer.id);
    this.map.addLayer(this.layer);
    this.layer.paint(PAINT[this.theme].markers);
    if (this.chosen !== null) choose(this.map, this.chosen, true);
    this.overlay?.dress(this.theme);
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    if (!this.lost) this.restyle();
  }

  private restyle(): void {
    if (this.dressed) this.overlay?.undress();
    this.map.setStyle(basemap(this.theme, this.ground), { diff: false });
  }

  private get dressed(): boolean {
    return this.map.getSource('geofences') !== undefined;
  }

  /** Lays something over the map, at once or as soon as there is a style; null takes it away. */
  cover(overlay: Overlay | null): void {
    if (!this.lost && this.dressed) this.overlay?.undress();
    this.overlay = overlay;
    if (!this.lost && this.dressed) overlay?.dress(this.theme);
  }

  update(): void {
    this.layer.update(this.feed.now());
  }

  showFences(fences: readonly Geofence[]): void {
    this.fences = fences;
    if (!this.lost) showFences(this.map, this.seen());
  }

  showFormer(fence: Geofence | null): void {
    if (fence === this.former) return;
    this.former = fence;
    if (!this.lost) showFormer(this.map, fence);
  }

  showSketch(sketch: Sketch | null): void {
    this.sketch = sketch ?? NO_SKETCH;
    if (!this.lost) showSketch(this.map, this.sketch);
  }

  private seen(): readonly Geofence[] {
    if (this.bare) return [];
    return this.hidden === null ? this.fences : this.fences.filter((fence) => fence.id !== this.hidden);
  }

  /** One that is drawn elsewhere, while it is edited. */
  hideFence(id: string | null): void {
    this.hidden = id;
    this.showFences(this.fences);
  }

  chooseFence(id: string | null): void {
    if (!this.lost && this.chosen !== null) choose(this.map, this.chosen, false);
    this.chosen = id;
    if (!this.lost && id !== null) choose(this.map, id, true);
  }

  fitFence(fence: Geofence, padding: Padding): void {
    const box = boxOf(fence);
    if (box) this.map.fitBounds([box[0], box[1], box[2], box[3]], { padding, maxZoom: CLOSE_ZOOM + 2, duration: 1000 });
  }

  showCells(cells: readonly Cell[]): void {
    this.crowds.showCells(cells);
  }

  showDots(places: readonly Position[], chosen = -1): void {
    if (!places.length && !this.dots.places.length) return;
    this.dots = { places, chosen };
    if (!this.lost) showDots(this.map, this.dots);
  }

  lightFence(id: string): void {
    if (!this.lost) light(this.map, id);
  }

  select(row: number | null): void {
    this.layer.selected = row;
    this.layer.regroup(); // the chosen one is drawn for itself
    this.map.triggerRepaint();
  }

  /** Those that are picked have a rim; who is followed is drawn for itself. */
  mark(picked: ReadonlySet<number>, followed: ReadonlySet<number>): void {
    if (followed.size === 0) this.zoomed = false;
    this.layer.mark(picked, followed, this.feed.now());
  }

  private rowsAt(x: number, y: number): readonly number[] {
    const row = this.layer.pick(x, y);
    return row === null ? this.crowds.rowsAt(x, y) : [row];
  }

  showTrails(lines: readonly Line[]): void {
    this.trails = lines;
    if (!this.lost) showTrails(this.map, lines);
  }

  showLayers(areGeofences: boolean, areNames: boolean): void {
    this.labels.off = !areNames;
    this.bare = !areGeofences;
    this.showFences(this.fences);
    this.map.triggerRepaint();
  }

  /** At once: somebody asked for this very view. */
  stand({ center, zoom }: Camera): void {
    this.map.jumpTo({ center: [...center], zoom });
  }

  get camera(): Camera {
    return cameraOf(this.map);
  }

  keepInView(places: readonly (readonly [number, number])[], padding: Padding): void {
    keepInView(this.map, places, padding, this.zoomed, CLOSE_ZOOM);
  }

  get isMoving(): boolean {
    return this.map.isMoving();
  }

  /** What lay under something comes out of it; the address follows as after a hand, where it says a place. */
  bringOut(row: number, offset: [number, number]): void {
    this.map.once('moveend', () => this.listener.broughtOut(cameraOf(this.map)));
    this.map.easeTo({ center: this.layer.place(row), offset, duration: OUT_MS });
  }

  /** `offset` in pixels: what lies over the map must not lie over the device. */
  flyTo(lon: number, lat: number, offset: [number, number]): void {
    this.map.flyTo({ center: [lon, lat], zoom: Math.max(this.map.getZoom(), CLOSE_ZOOM), offset, duration: 1200 });
  }

  follow(lon: number, lat: number, offset: [number, number]): void {
    if (!this.map.isMoving()) this.map.easeTo({ center: [lon, lat], offset, duration: 900, easing: (t) => t });
  }

  /** All devices in the window, or these; the panels lie over its left or its foot. */
  fitAll(padding: Padding, among: readonly number[] | null = null): void {
    const { devices } = this.feed;
    const rows = (among ?? Array.from({ length: devices.size }, (_, row) => row)).filter(
      (row) => devices.shown[row] && !Number.isNaN(devices.at[row]!),
    );
    const box = boxAround(
      rows.map((row) => devices.lonE7[row]! / 1e7),
      rows.map((row) => devices.latE7[row]! / 1e7),
    );
    if (box) this.map.fitBounds([box[0], box[1], box[2], box[3]], { padding, maxZoom: CLOSE_ZOOM, animate: false });
  }
}
