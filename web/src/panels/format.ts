/** Numbers and times as people read them. SI inside, kilometres an hour only here. */
import { Status } from '../live/frames';

export const UNKNOWN = '–';
const COMPASS = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];
const NEAR_MS = 3 * 3_600_000; // no clock is put back by more
const SILENT_MS = 5 * 60_000;

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const calendar = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function count(value: number): string {
  return whole.format(value);
}

export function kmh(metresPerSecond: number): string {
  return Number.isNaN(metresPerSecond) ? UNKNOWN : whole.format(metresPerSecond * 3.6);
}

export function compass(degrees: number): string {
  return Number.isNaN(degrees) ? UNKNOWN : `${COMPASS[Math.round(degrees / 45) % 8]} ${Math.round(degrees) % 360}°`;
}

export function metres(value: number): string {
  return Number.isNaN(value)
    ? UNKNOWN
    : value < 1000
      ? `± ${whole.format(value)} m`
      : `± ${(value / 1000).toFixed(1)} km`;
}

export function percent(share: number): string {
  return Number.isNaN(share) ? UNKNOWN : `${whole.format(share * 100)} %`;
}

/** `0.8 s`, `14 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A length of time as one would say it: `45 s`, `5 min`, `1 h 30 min`, `2 d`. */
export function span(seconds: number): string {
  if (seconds < 90) return `${whole.format(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return `${Math.round(minutes / 144) / 10} d`;
}

/** `12 m`, `1.2 km`. */
export function distance(value: number): string {
  return Math.abs(value) < 1000 ? `${whole.format(value)} m` : `${(value / 1000).toFixed(1)} km`;
}

/** Whole seconds: a list whose every row shows tenths is restless. */
export function ago(ms: number): string {
  return ms < 1500 ? 'now' : `${age(Math.max(1000, Math.round(ms / 1000) * 1000)).replace('.0', '')} ago`;
}

export function time(ms: number, now: number): string {
  return (now - ms > 20 * 3_600_000 ? calendar : clock).format(ms) + zone(ms);
}

export function moment(ms: number): string {
  return full.format(ms) + zone(ms);
}

/** ` UTC+3` in the hour that the clocks show twice in autumn, else nothing. */
function zone(ms: number): string {
  const here = offset(ms);
  const [before, after] = [offset(ms - NEAR_MS), offset(ms + NEAR_MS)];
  const again = after < here && offset(ms + (here - after)) === after;
  const already = before > here && offset(ms - (before - here)) === before;
  if (!again && !already) return '';
  const minutes = Math.abs(here) / 60_000;
  return ` UTC${here < 0 ? '−' : '+'}${Math.floor(minutes / 60)}${minutes % 60 ? `:${minutes % 60}` : ''}`;
}

function offset(ms: number): number {
  return -60_000 * new Date(ms).getTimezoneOffset();
}

export interface State {
  readonly key: 'moving' | 'stopped' | 'unknown' | 'silent';
  readonly text: string;
}

const NONE: State = { key: 'unknown', text: 'No position yet' };
const ELSEWHERE: State = { key: 'unknown', text: 'Not in view' };
const SILENT: State = { key: 'silent', text: 'Silent' };
const MOVING: State = { key: 'moving', text: 'Moving' };
const STOPPED: State = { key: 'stopped', text: 'Stopped' };
const REPORTING: State = { key: 'unknown', text: 'Reporting' };

/**
 * What a device is doing, in a word. `at` is NaN where it was never heard of, which says that it never reported only where
 * we are `told` of every device. Makes nothing: lists ask for thousands.
 */
export function stateOf(status: number, at: number, now: number, told: boolean): State {
  if (Number.isNaN(at)) return told ? NONE : ELSEWHERE;
  if (now - at > SILENT_MS) return SILENT;
  return status === Status.Moving ? MOVING : status === Status.Stopped ? STOPPED : REPORTING;
}
