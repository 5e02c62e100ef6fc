/** Where the map is put on the page. It is made once; themes and geofences are told to it. */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { stopFollowing } from '../following';
import type { Live } from '../live';
import type { Viewport } from '../live/frames';
import { clickOn, pickMore } from '../many/picking';
import type { Camera } from '../map/camera';
import { MapView } from '../map/view';
import { besidePanels } from '../room';
import { camera, chosenFence, config, geofences, health, hidden, mapMissing, selected, tick } from '../state';
import { words } from '../words';
import { theme } from './theme';

export function MapPane({ live }: { live: Live }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const view = make(box.current!, live);
    if (!view) return;
    live.view.value = view;
    const stops = [
      effect(() => view.setTheme(theme.value)),
      effect(() => view.showFences(geofences.value)),
      effect(() => view.showLayers(!hidden.value.has('geofences'), !hidden.value.has('names'))),
      placeOnce(live, view),
    ];
    return () => {
      for (const stop of stops) stop();
      live.view.value = null;
      view.remove();
    };
  }, []);
  return (
    <div class="map-pane">
      <div class="map" ref={box} role="application" aria-label={words.value.app.map} />
      {mapMissing.value && <p class="map-missing">{words.value.app.noWebGL}</p>}
    </div>
  );
}

function make(box: HTMLElement, live: Live): MapView | null {
  try {
    const listener = {
      looked: (bounds: Viewport, zoom: number) => live.looked(bounds, zoom),
      picked: (row: number | null) => clickOn(live, row),
      added: (rows: readonly number[]) => pickMore(live, rows),
      grabbed: stopFollowing,
      steered: (to: Camera) => (camera.value = to),
      broughtOut: (to: Camera) => {
        if (camera.peek() !== null) camera.value = to;
      },
    };
    const { mapStyle, streets } = config.peek();
    const ground = { custom: mapStyle, streets: streets.length > 0 };
    return new MapView(box, live.feed, theme.peek(), ground, listener, camera.peek());
  } catch (error) {
    console.warn(`no map: ${String(error)}`);
    mapMissing.value = true;
    return null;
  }
}

/** The first view is what was looked at last time, else all devices; only then is the stream asked for less than the world. */
function placeOnce(live: Live, view: MapView): () => void {
  const stop = effect(() => {
    void tick.value;
    if (health.value !== 'live' || (!view.placed && live.feed.devices.shownCount() === 0)) return;
    queueMicrotask(() => {
      stop();
      if (!view.placed && (selected.peek() ?? chosenFence.peek()) === null) fitMap(live); // else it is on its way to a device
      view.look();
    });
  });
  return stop;
}

/** Beside or above the panels that lie over the map. */
export function fitMap(live: Live): void {
  live.view.peek()?.fitAll(besidePanels());
}

/** The same because somebody asks for it: the map is taken by hand. */
export function fitByHand(live: Live, rows: readonly number[] | null = null): void {
  const view = live.view.peek();
  if (!view) return;
  stopFollowing();
  view.fitAll(besidePanels(), rows);
  camera.value = view.camera;
}
