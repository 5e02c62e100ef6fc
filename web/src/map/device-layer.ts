/**
 * Our own layer for devices. Each is one point whose two places and times lie on the GPU, so a device glides without any
 * work of ours per frame, and ten thousand of them cost one buffer upload per message. Nothing is repainted while
 * nothing in view moves.
 */
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from 'maplibre-gl';
import type { DeviceTable } from '../live/devices';
import { Status } from '../live/frames';
import { type Cluster, Clusters } from './clusters';
import { glideTime } from './glide';
import { Look, type MarkerColors, Markers, markerSize, STALE, STRIDE } from './markers';
import { difference, mercatorX, mercatorY, WORLD_UNITS } from './mercator';
import { Pacer } from './pacer';
import { compile, type Program } from './program';

const STALE_MS = 5 * 60_000; // no fix for this long: the marker fades
const PICK_PX = 18; // a finger is wide
const POINTED_SPEED = 0.5; // m/s: what creeps has no heading worth showing
const HALO = 2.3; // times the marker
const CROWD = 400; // in view; more than these are drawn smaller
const LEAST_SCALE = 0.7;
const GROUP_MS = 1_000;

/** In mercator units; `width` wraps at 180 degrees. */
interface Window {
  readonly west: number;
  readonly width: number;
  readonly north: number;
  readonly south: number;
}

export class DeviceLayer implements CustomLayerInterface {
  readonly id = 'devices';
  readonly type = 'custom';
  readonly renderingMode = '2d';
  selected: number | null = null;
  private picked: ReadonlySet<number> = new Set();
  private apart: ReadonlySet<number> = new Set(); // never counted: the map goes along with them
  still = false; // people who asked for less motion: markers jump
  framesDrawn = 0;
  readonly markers = new Markers();
  /** Told which devices in view are counted, not drawn, each time that is looked at. */
  grouped: (clusters: readonly Cluster[]) => void = () => {};
  private readonly clusters = new Clusters();
  private groupedAt = -Infinity;
  private groupedZoom = NaN;
  private readonly pacer = new Pacer();
  private readonly started = performance.now();
  private map: MapLibre | null = null;
  private gl: WebGL2RenderingContext | null = null;
  private buffer: WebGLBuffer | null = null;
  private programs = new Map<string, Program>();
  private dirtyFrom = Infinity; // rows to upload
  private dirtyTo = -1;
  private movingUntil = 0;
  private scale = 1;
  private next: ReturnType<typeof setTimeout> | undefined;
  private colors: MarkerColors | null = null;
  private matrix = new Float32Array(16);
  private centre: [number, number] = [0, 0];

  constructor(private readonly table: DeviceTable) {}

  /** Takes over what has changed in the table. `now` is the server's time, for fading. */
  update(now: number): void {
    const time = this.now();
    if (this.markers.reserve(this.table.size)) this.upload();
    const window = this.window();
    let visible = false;
    for (const row of this.table.takeChanged()) visible = this.follow(row, time, now, window) || visible;
    if (visible) this.map?.triggerRepaint();
    if (performance.now() - this.groupedAt > GROUP_MS) this.regroup();
  }

  /** Fades what has not been heard of; every few seconds is enough. */
  age(now: number): void {
    let faded = false;
    for (let row = 0; row < this.table.size; row++) {
      const status = this.statusOf(row, now);
      if (this.markers.bytes[row * STRIDE + Look.Status] === status || !this.markers.isShown(row)) continue;
      this.dress(row, now);
      faded = true;
    }
    this.regroup();
    if (faded) this.map?.triggerRepaint();
  }

  paint(colors: MarkerColors): void {
    this.colors = colors;
    this.map?.triggerRepaint();
  }

  mark(picked: ReadonlySet<number>, apart: ReadonlySet<number>, now: number): void {
    const others = [...this.picked].filter((row) => !picked.has(row));
    const changed = [...picked].filter((row) => !this.picked.has(row)).concat(others);
    [this.picked, this.apart] = [picked, apart];
    for (const row of changed) if (row < this.markers.capacity) this.dress(row, now);
    this.regroup();
    this.map?.triggerRepaint();
  }

  /** So many are in view that names would hide them. */
  get isCrowded(): boolean {
    return this.scale < 0.75;
  }

  /** The nearest device within a finger's width of a pixel, or null. */
  pick(px: number, py: number): number | null {
    let best: number | null = null;
    let nearest = PICK_PX * PICK_PX;
    this.forEachInView((row, x, y) => {
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < nearest) [best, nearest] = [row, distance];
    });
    return best;
  }

  /** Every shown marker on the canvas with its CSS pixels, as last drawn. */
  forEachInView(visit: (row: number, x: number, y: number) => void): void {
    if (!this.map) return;
    const { clientWidth: width, clientHeight: height } = this.map.getCanvas();
    const now = this.now();
    for (let row = 0; row < this.table.size; row++) {
      const spot = this.markers.isCounted(row) ? null : this.spot(row, now, width, height);
      if (spot && spot[0] >= 0 && spot[1] >= 0 && spot[0] <= width && spot[1] <= height) visit(row, ...spot);
    }
  }

  /** Where a marker is now on the screen, in CSS pixels; null where it is not shown. */
  screen(row: number): [number, number] | null {
    const canvas = this.map?.getCanvas();
    return canvas ? this.spot(row, this.now(), canvas.clientWidth, canvas.clientHeight) : null;
  }

  /** Where a marker is now, in degrees. */
  place(row: number): [lon: number, lat: number] {
    return this.markers.place(row, this.now());
  }

  private spot(row: number, now: number, width: number, height: number): [number, number] | null {
    if (!this.markers.isShown(row)) return null;
    const [x, y] = this.markers.seen(row, now);
    const dx = difference(this.centre[0], x) / WORLD_UNITS;
    const dy = difference(this.centre[1], y) / WORLD_UNITS;
    const m = this.matrix;
    const w = m[3]! * dx + m[7]! * dy + m[15]!;
    if (w <= 0) return null; // behind the camera
    const clipX = (m[0]! * dx + m[4]! * dy + m[12]!) / w;
    const clipY = (m[1]! * dx + m[5]! * dy + m[13]!) / w;
    return [((clipX + 1) / 2) * width, ((1 - clipY) / 2) * height];
  }

  private now(): number {
    return Math.round(performance.now() - this.started) >>> 0; // wraps after 49 days, and so does the shader's difference
  }

  private follow(row: number, time: number, now: number, window: Window): boolean {
    const { table, markers } = this;
    const wasShown = markers.isShown(row);
    const placed = !Number.isNaN(table.at[row]!);
    if (placed) {
      const interval = wasShown && !this.still ? table.at[row]! - table.previousAt[row]! : NaN;
      markers.point(row, time, table.heading[row]!);
      const taken = markers.move(row, time, table.lonE7[row]! / 1e7, table.latE7[row]! / 1e7, (metres) =>
        glideTime(interval, metres),
      );
      if (taken > 0 && this.isIn(window, row)) this.movingUntil = Math.max(this.movingUntil, performance.now() + taken);
    }
    this.dress(row, now);
    return this.isIn(window, row);
  }

  private dress(row: number, now: number): void {
    const { table, markers } = this;
    const status = this.statusOf(row, now);
    const pointed =
      status === Status.Moving && table.speed[row]! >= POINTED_SPEED && !Number.isNaN(table.heading[row]!);
    const shown = table.shown[row] === 1 && !Number.isNaN(table.at[row]!);
    markers.look(row, status, shown, pointed, this.picked.has(row));
    this.dirtyFrom = Math.min(this.dirtyFrom, row);
    this.dirtyTo = Math.max(this.dirtyTo, row);
  }

  private statusOf(row: number, now: number): number {
    return now - this.table.at[row]! > STALE_MS ? STALE : this.table.status[row]!;
  }

  private window(): Window {
    const bounds = this.map?.getBounds();
    if (!bounds) return { west: 0, width: -1, north: 0, south: 0 };
    const width = ((bounds.getEast() - bounds.getWest()) / 360) * WORLD_UNITS;
    return {
      west: mercatorX(bounds.getWest()),
      width,
      north: mercatorY(bounds.getNorth()),
      south: mercatorY(bounds.getSouth()),
    };
  }

  /** Where it goes is in the window: what moves elsewhere needs no frame. */
  private isIn(window: Window, row: number): boolean {
    const x = this.markers.words[row * 8 + 2]!;
    const y = this.markers.words[row * 8 + 3]!;
    return (x - window.west) >>> 0 <= window.width && y >= window.north && y <= window.south;
  }

  /** What lies on one another is counted; where many are left in view each is drawn smaller. The chosen one stays itself. */
  regroup(): void {
    if (!this.map) return;
    this.groupedAt = performance.now();
    this.groupedZoom = Math.round(this.map.getZoom());
    const window = this.window();
    const rows: number[] = [];
    for (let row = 0; row < this.table.size; row++)
      if (row !== this.selected && !this.apart.has(row) && this.markers.isShown(row) && this.isIn(window, row))
        rows.push(row);
    const clusters = this.clusters.group(this.markers, rows, this.map.getZoom());
    const single = rows.length - this.count(clusters);
    this.scale = Math.max(LEAST_SCALE, Math.min(1, Math.sqrt(CROWD / single)));
    this.grouped(clusters);
  }

  /** How many are counted; each row that now is, or no longer is, goes to the GPU. */
  private count(clusters: readonly Cluster[]): number {
    const counted = new Uint8Array(this.markers.capacity);
    let many = 0;
    for (const { rows } of clusters) for (const row of rows) counted[row] = 1;
    for (let row = 0; row < this.table.size && row < counted.length; row++) {
      many += counted[row]!;
      if (this.markers.bytes[row * STRIDE + Look.Counted] === counted[row]) continue;
      this.markers.bytes[row * STRIDE + Look.Counted] = counted[row]!;
      this.dirtyFrom = Math.min(this.dirtyFrom, row);
      this.dirtyTo = Math.max(this.dirtyTo, row);
    }
    if (this.dirtyTo >= this.dirtyFrom) this.map?.triggerRepaint();
    return many;
  }

  onAdd(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.map = map;
    this.gl = gl;
    this.programs.clear(); // those of a context that was lost are gone with it
    this.buffer = gl.createBuffer();
    this.upload();
    map.on('moveend', this.recount);
    map.on('zoom', this.rezoom);
  }

  private readonly recount = () => this.regroup();
  private readonly rezoom = () => {
    if (Math.round(this.map!.getZoom()) !== this.groupedZoom) this.regroup();
  };

  onRemove(map: MapLibre, gl: WebGL2RenderingContext): void {
    map.off('moveend', this.recount);
    map.off('zoom', this.rezoom);
    clearTimeout(this.next);
    this.next = undefined;
    for (const program of this.programs.values()) program.discard();
    this.programs.clear();
    gl.deleteBuffer(this.buffer);
    this.gl = this.buffer = null;
  }

  private upload(): void {
    if (!this.gl) return;
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffer);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, this.markers.bytes, this.gl.DYNAMIC_DRAW);
    this.dirtyFrom = Infinity;
    this.dirtyTo = -1;
  }

  private uploadDirty(gl: WebGL2RenderingContext): void {
    if (this.dirtyTo < this.dirtyFrom) return;
    const from = this.dirtyFrom * STRIDE;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferSubData(gl.ARRAY_BUFFER, from, this.markers.bytes, from, (this.dirtyTo + 1) * STRIDE - from);
    this.dirtyFrom = Infinity;
    this.dirtyTo = -1;
  }

  render(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    if (!this.colors || !this.map || !this.buffer) return;
    this.aim(input);
    this.uploadDirty(gl);
    this.draw(gl, input);
    this.framesDrawn++;
    this.askForNext();
  }

  /** The matrix relative to the centre, so that the GPU only ever sees small numbers. */
  private aim(input: CustomRenderMethodInput): void {
    const { lng, lat } = this.map!.getCenter();
    this.centre = [mercatorX(((lng + 540) % 360) - 180), mercatorY(lat)];
    const full = input.defaultProjectionData.mainMatrix;
    // The unwrapped centre: a map dragged past 180 degrees shows another copy of the world.
    const x = lng / 360 + 0.5;
    const y = this.centre[1] / WORLD_UNITS;
    this.matrix.set(full as ArrayLike<number>);
    for (let i = 0; i < 4; i++) this.matrix[12 + i] = full[i]! * x + full[4 + i]! * y + full[12 + i]!;
  }

  private draw(gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const program = this.program(gl, input.shaderData);
    const size = markerSize(this.map!.getZoom()) * this.scale * devicePixelRatio;
    program.use(this.now(), this.matrix, this.centre, (-this.map!.getBearing() * Math.PI) / 180, this.colors!);
    program.projection(input.defaultProjectionData);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    program.draw(size, false, 0, Math.min(this.table.size, this.markers.capacity));
    if (this.selected !== null && this.selected < this.markers.capacity) {
      program.draw(Math.max(26 * devicePixelRatio, size * HALO), true, this.selected, 1);
      program.draw(Math.max(18 * devicePixelRatio, size * 1.15), false, this.selected, 1);
    }
    program.done();
  }

  private program(gl: WebGL2RenderingContext, shader: CustomRenderMethodInput['shaderData']): Program {
    let program = this.programs.get(shader.variantName);
    if (!program)
      this.programs.set(
        shader.variantName,
        (program = compile(gl, shader.vertexShaderPrelude, shader.define, this.buffer!)),
      );
    return program;
  }

  private askForNext(): void {
    const now = performance.now();
    const wait = this.pacer.next(now);
    if (now >= this.movingUntil || document.hidden) return this.pacer.rest();
    if (wait === 0) return this.map!.triggerRepaint();
    this.next ??= setTimeout(() => {
      this.next = undefined;
      this.map?.triggerRepaint();
    }, wait);
  }
}
