/** Where the map is put on the page. It is made once; themes and geofences are told to it. */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Live } from '../live';
import type { Viewport } from '../live/frames';
import { type Camera, MapView, type Padding } from '../map/view';
import { camera, config, following, geofences, health, mapMissing, selected, tick } from '../state';
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
      picked: (row: number | null) => (selected.value = row),
      grabbed: () => (following.value = false),
      steered: (to: Camera) => (camera.value = to),
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
      if (!view.placed && selected.peek() === null) fitMap(live); // else it is on its way to a device
      view.look();
    });
  });
  return stop;
}

/** Beside or above the panels that lie over the map. */
export function fitMap(live: Live): void {
  const narrow = innerWidth < 760;
  live.view
    .peek()
    ?.fitAll(narrow ? { top: 90, bottom: 60, left: 40, right: 40 } : { top: 90, bottom: 70, left: 70, right: 90 });
}

/** What a card over the map leaves free. */
export function besideCard(): Padding {
  return innerWidth < 760
    ? { top: 60, bottom: 190, left: 30, right: 30 }
    : { top: 70, bottom: 60, left: 60, right: 340 };
}
