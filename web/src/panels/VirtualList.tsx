/** Rows of one height, of which only those in sight exist: ten thousand devices are two dozen elements. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const SPARE = 4; // rows beyond each edge, so that a quick scroll shows no gap

interface Props {
  readonly count: number;
  readonly height: number; // px of a row
  readonly label: string;
  readonly current: number; // index of the selected row, -1 for none
  readonly row: (index: number) => ComponentChildren;
  readonly onMove: (index: number) => void; // by arrow keys
  readonly picking?: Picking;
}

/** Of a list of which several are picked: by Space, by arrows with Shift, by Ctrl A. */
export interface Picking {
  readonly one: (index: number) => void;
  readonly on: (index: number) => void; // as far as here
  readonly all: () => void;
}

export function VirtualList({ count, height, label, current, row, onMove, picking }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [room, setRoom] = useState(600);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setRoom(entry!.contentRect.height));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  const former = useRef(room);
  useEffect(() => reveal(box.current!, current, height), [current]);
  useEffect(() => {
    if (isSeen(box.current!, current, height, former.current)) reveal(box.current!, current, height);
    former.current = room;
  }, [room]);
  const first = Math.max(0, Math.floor(top / height) - SPARE);
  const last = Math.min(count, Math.ceil((top + room) / height) + SPARE);
  const rows = [];
  for (let index = first; index < last; index++) {
    rows.push(
      <div class="slot" key={index} style={{ transform: `translateY(${index * height}px)`, height: `${height}px` }}>
        {row(index)}
      </div>,
    );
  }
  return (
    <div
      class="list"
      ref={box}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-multiselectable={picking !== undefined}
      aria-activedescendant={current >= 0 ? `row-${current}` : undefined}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={(event) => !pick(event, current, count, picking) && step(event, current, count, onMove)}
    >
      <div style={{ height: `${count * height}px` }} role="presentation">
        {rows}
      </div>
    </div>
  );
}

/** False where the key means something else. */
function pick(event: KeyboardEvent, current: number, count: number, picking: Picking | undefined): boolean {
  if (!picking || count === 0) return false;
  const to = { ArrowDown: current + 1, ArrowUp: current - 1 }[event.key];
  if (event.key === 'a' && (event.ctrlKey || event.metaKey)) picking.all();
  else if (event.key === ' ' && current >= 0) picking.one(current);
  else if (to !== undefined && event.shiftKey) picking.on(Math.max(0, Math.min(count - 1, to)));
  else return false;
  event.preventDefault();
  return true;
}

function step(event: KeyboardEvent, current: number, count: number, onMove: (index: number) => void): void {
  const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: count - 1 }[event.key];
  if (to === undefined || count === 0) return;
  event.preventDefault();
  onMove(Math.max(0, Math.min(count - 1, to)));
}

/** Where the list was so high. */
function isSeen(box: HTMLElement, index: number, height: number, room: number): boolean {
  const below = index * height - box.scrollTop;
  return index >= 0 && below >= 0 && below < room;
}

function reveal(box: HTMLElement, index: number, height: number): void {
  if (index < 0) return;
  const top = index * height;
  const room = box.clientHeight - parseFloat(getComputedStyle(box).paddingBottom); // on a phone a button lies over its foot
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + height > box.scrollTop + room) box.scrollTop = top + height - room;
}
