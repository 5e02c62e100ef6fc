/** Which layers of the map are shown. */
import { useSignal } from '@preact/signals';
import { hidden, LAYERS, type Layer } from '../state';
import { words } from '../words';
import { LayersIcon } from './Icons';

export function LayersButton() {
  const said = words.value.layers;
  const isOpen = useSignal(false);
  return (
    <details class="layers card" onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary aria-label={said.title} title={said.title}>
        <LayersIcon />
      </summary>
      {isOpen.value && (
        <div role="group" aria-label={said.title}>
          {LAYERS.map((layer) => (
            <label key={layer}>
              <input
                type="checkbox"
                checked={!hidden.value.has(layer)}
                onChange={(event) => show(layer, event.currentTarget.checked)}
              />
              {said[layer]}
            </label>
          ))}
        </div>
      )}
    </details>
  );
}

function show(layer: Layer, isShown: boolean): void {
  const others = new Set(hidden.peek());
  if (isShown) others.delete(layer);
  else others.add(layer);
  hidden.value = others;
}
