/** A box drawn by a drag with Shift, in place of MapLibre's own, which zooms. */
const LEAST_PX = 4; // less is a click

export interface Corners {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** All that are shown in a box on the screen, also those that are counted. */
export function findInBox(
  layer: { screen(row: number): readonly [number, number] | null },
  rows: number,
  { left, top, right, bottom }: Corners,
): readonly number[] {
  return Array.from({ length: rows }, (_, row) => row).filter((row) => {
    const [x, y] = layer.screen(row) ?? [NaN, NaN];
    return x >= left && x <= right && y >= top && y <= bottom;
  });
}

/** `drawn` is told the box in px of the container. What is pressed is kept from the map while `isWanted`. */
export function watchBoxes(container: HTMLElement, isWanted: () => boolean, drawn: (box: Corners) => void): void {
  const frame = document.createElement('div');
  frame.className = 'box';
  frame.hidden = true;
  container.append(frame);
  container.addEventListener(
    'mousedown',
    (event) => {
      if (!event.shiftKey || event.button !== 0 || !isWanted()) return;
      event.stopPropagation(); // else it pans as well
      event.preventDefault();
      follow(container, frame, event, drawn);
    },
    { capture: true },
  );
}

function follow(container: HTMLElement, frame: HTMLElement, start: MouseEvent, drawn: (box: Corners) => void): void {
  const over = new AbortController();
  const origin = container.getBoundingClientRect();
  let box: Corners | null = null;
  const move = (event: MouseEvent) => {
    box = corners(start, event, origin);
    frame.hidden = isClick(box);
    frame.style.transform = `translate(${box.left}px, ${box.top}px)`;
    frame.style.width = `${box.right - box.left}px`;
    frame.style.height = `${box.bottom - box.top}px`;
  };
  const end = () => {
    over.abort();
    frame.hidden = true;
    if (!box || isClick(box)) return;
    swallowClick(container);
    drawn(box);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    box = null;
    end();
  };
  addEventListener('mousemove', move, { signal: over.signal });
  addEventListener('mouseup', end, { signal: over.signal });
  addEventListener('keydown', key, { signal: over.signal, capture: true });
}

/** The click that ends a drag is none. */
function swallowClick(container: HTMLElement): void {
  const stop = (event: MouseEvent) => event.stopPropagation();
  container.addEventListener('click', stop, { capture: true, once: true });
  setTimeout(() => container.removeEventListener('click', stop, { capture: true })); // where it ended elsewhere
}

function corners(a: MouseEvent, b: MouseEvent, { left, top }: DOMRect): Corners {
  return {
    left: Math.min(a.clientX, b.clientX) - left,
    top: Math.min(a.clientY, b.clientY) - top,
    right: Math.max(a.clientX, b.clientX) - left,
    bottom: Math.max(a.clientY, b.clientY) - top,
  };
}

function isClick({ left, top, right, bottom }: Corners): boolean {
  return right - left < LEAST_PX && bottom - top < LEAST_PX;
}
