/** How a device went over the last hours: its speed, altitude and battery, with the place under the cursor on the map. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { fetchFixes } from '../api/devices';
import { type Column, type History, readHistory } from '../charts/history';
import { showDots } from '../dots';
import type { Live } from '../live';
import { chartHours } from '../state';
import { measure } from '../units';
import { locale, words } from '../words';
import { theme } from './theme';

const SPANS = [1, 6, 24] as const; // hours
const HOUR_MS = 3_600_000;
const LINES: readonly Column[] = ['speed', 'altitude', 'battery'];

export function Charts({ live, id }: { live: Live; id: string }) {
  const said = words.value.charts;
  const hours = chartHours;
  const found = useSignal<History | null | 'failed'>(null);
  useEffect(() => {
    let open = true;
    found.value = null;
    fetchFixes(id, new Date(live.feed.now() - hours.value * HOUR_MS)).then(
      (csv) => open && (found.value = readHistory(csv)),
      () => open && (found.value = 'failed'),
    );
    return () => {
      open = false;
    };
  }, [id, hours.value]);
  return (
    <div class="charts">
      <div class="spans" role="group" aria-label={said.span}>
        {SPANS.map((each) => (
          <button key={each} type="button" aria-pressed={hours.value === each} onClick={() => (hours.value = each)}>
            {said.hours(each)}
          </button>
        ))}
      </div>
      {found.value === null ? (
        <p class="hint waits">{said.reading}</p>
      ) : found.value === 'failed' ? (
        <p class="hint waits">{said.failed}</p>
      ) : found.value.at.length === 0 ? (
        <p class="hint waits">{said.none}</p>
      ) : (
        <Drawn live={live} history={found.value} />
      )}
    </div>
  );
}

function Drawn({ live, history }: { live: Live; history: History }) {
  const said = words.value.charts;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let [open, forget] = [true, () => {}];
    const show = (index: number | null) =>
      showDots(live, index === null ? [] : [[history.lon[index]!, history.lat[index]!]]);
    // What draws is fetched when somebody looks at a chart: most never do.
    void import('../charts/plot').then(({ plot }) => {
      if (!open) return;
      const { speed, small } = measure();
      const units = { speed: { ...speed }, altitude: { ...small }, battery: { name: '%', each: 0.01 } };
      const lines = LINES.filter((key) => history[key].some((value) => value !== null)).map((key) => ({
        key,
        name: said[key],
        unit: units[key].name,
        values: history[key].map((value) => (value === null ? null : value / units[key].each)),
      }));
      forget = plot(box.current!, { at: history.at, lines, locale: locale.value, said: said.at, onCursor: show });
    });
    return () => {
      open = false;
      forget();
      show(null);
    };
  }, [history, theme.value, words.value]);
  return (
    <>
      <div class="drawn" ref={box} />
      <p class="hint">{said.hint}</p>
    </>
  );
}
