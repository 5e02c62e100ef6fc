/** Draws some lines over one time, a chart each, with one cursor. A chunk of its own: it brings uPlot. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './charts.css';
import { zone } from '../zone';

export interface Lines {
  readonly at: readonly number[]; // ms
  readonly lines: readonly {
    readonly key: string;
    readonly name: string;
    readonly unit: string;
    readonly values: readonly (number | null)[];
  }[];
  readonly locale: string;
  readonly said: (time: string) => string;
  readonly onCursor: (index: number | null) => void;
}

const HEIGHT_PX = 96;
const AXIS_PX = 38;

/** Returns what takes it all away again. */
export function plot(box: HTMLElement, { at, lines, locale, said, onCursor }: Lines): () => void {
  const style = getComputedStyle(box);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const sync = uPlot.sync(`charts ${Math.random()}`);
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const seconds = at.map((ms) => ms / 1000);
  const charts = lines.map(({ key, name, unit, values }) => {
    const figure = document.createElement('figure');
    const caption = figure.appendChild(document.createElement('figcaption'));
    const title = `${name}, ${unit}`;
    caption.textContent = title;
    box.append(figure);
    const stroke = color(`--chart-${key}`) || color('--accent');
    const axis = { stroke: color('--faint'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } };
    const tell = (index: number | null | undefined) => {
      const value = index === null || index === undefined ? null : values[index];
      caption.textContent =
        value === null || value === undefined
          ? title
          : `${name} ${number.format(value)} ${unit} ${said(clock.format(at[index!]) + zone(at[index!]!))}`;
      onCursor(index ?? null);
    };
    return new uPlot(
      {
        width: box.clientWidth,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { sync: { key: sync.key }, drag: { x: false, y: false }, points: { size: 7 }, move: unzoom },
        scales: { x: { time: true }, y: { range: (_, low, high) => spread(low, high) } },
        axes: [
          {
            ...axis,
            size: 22,
            space: 60,
            font: FONT,
            values: (_, ticks) => ticks.map((tick) => clock.format(1000 * tick)),
          },
          {
            ...axis,
            size: AXIS_PX,
            space: 24,
            font: FONT,
            values: (_, ticks) => ticks.map((tick) => number.format(tick)),
          },
        ],
        series: [{}, { stroke, width: 1.5, fill: `${stroke}1f`, points: { show: at.length < 2 }, spanGaps: false }],
        hooks: { setCursor: [(chart) => tell(chart.cursor.left! < 0 ? null : chart.cursor.idx)] },
      },
      [seconds, [...values]],
      figure,
    );
  });
  const watch = new ResizeObserver(() => {
    for (const chart of charts) chart.setSize({ width: box.clientWidth, height: HEIGHT_PX });
  });
  watch.observe(box);
  return () => {
    watch.disconnect();
    for (const chart of charts) chart.destroy();
    box.replaceChildren();
  };
}

/** On very wide screens the card is drawn larger, and the pointer comes in pixels of the screen. */
function unzoom({ over }: uPlot, left: number, top: number): [number, number] {
  const zoom = (over as { currentCSSZoom?: number }).currentCSSZoom ?? 1;
  return [left / zoom, top / zoom];
}

const FONT = "11px 'Inter Variable', system-ui, sans-serif";

/** A line that stands still is drawn in the middle, and not at two edges that are one. */
function spread(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const room = Math.max((high - low) * 0.08, 0.5);
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}
