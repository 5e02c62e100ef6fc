/** A file that is dragged over the page is a file of geofences: where it is let go of, it is looked at. */
import { useEffect, useState } from 'preact/hooks';
import type { Importing } from '../geofences/importing';
import { words } from '../words';

export function DropFile({ importing }: { importing: Importing }) {
  const [isOver, say] = useState(false);
  useEffect(() => {
    let depth = 0; // elements it is over: leaving one of them is not leaving the page
    const listen = (name: 'dragenter' | 'dragover' | 'dragleave' | 'drop', hear: (event: DragEvent) => void) => {
      const told = (event: DragEvent) => {
        if (!event.dataTransfer?.types.includes('Files')) return; // a text or a link of the page itself
        event.preventDefault(); // else the browser would open the file instead of the page
        hear(event);
      };
      window.addEventListener(name, told);
      return () => window.removeEventListener(name, told);
    };
    const over = (by: number) => {
      depth = Math.max(0, depth + by);
      say(depth > 0);
    };
    const stops = [
      listen('dragenter', () => over(1)),
      listen('dragover', () => undefined),
      listen('dragleave', () => over(-1)),
      listen('drop', (event) => {
        over(-depth);
        void importing.look([...event.dataTransfer!.files]);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [importing]);
  return isOver ? <p class="drop card">{words.value.geofences.drop}</p> : null;
}
