/** Numbers and times as people read them, in their language and units. */
import { computed } from '@preact/signals';
import { Status } from '../live/frames';
import { measure } from '../units';
import { locale, words } from '../words';
import { zone } from '../zone';

export const UNKNOWN = '–';
const SILENT_MS = 5 * 60_000;

const formats = computed(() => {
  const tag = locale.value;
  return {
    whole: new Intl.NumberFormat(tag, { maximumFractionDigits: 0 }),
    tenth: new Intl.NumberFormat(tag, { maximumFractionDigits: 1 }),
    hundredth: new Intl.NumberFormat(tag, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
    exact: new Intl.NumberFormat(tag, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    clock: new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
    minute: new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit' }),
    calendar: new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
    full: new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'medium' }),
    collator: new Intl.Collator(tag, { numeric: true, sensitivity: 'base' }),
  };
});

export function count(value: number): string {
  return formats.value.whole.format(value);
}

export function ratio(value: number): string {
  return formats.value.hundredth.format(value);
}

/** As people count, not as letters sort. */
export function compareNames(a: string, b: string): number {
  return formats.value.collator.compare(a, b);
}

/** The figure alone, for where the unit stands apart. */
export function speedFigure(metresPerSecond: number): string {
  return Number.isNaN(metresPerSecond) ? UNKNOWN : count(metresPerSecond / measure().speed.each);
}

export function speedUnit(): string {
  return measure().speed.name;
}

/** `45 km/h`. */
export function speed(metresPerSecond: number): string {
  return `${speedFigure(metresPerSecond)} ${speedUnit()}`;
}

export function compass(degrees: number): string {
  if (Number.isNaN(degrees)) return UNKNOWN;
  return `${words.value.units.compass.split(' ')[Math.round(degrees / 45) % 8]} ${Math.round(degrees) % 360}°`;
}

export function accuracy(metres: number): string {
  return Number.isNaN(metres) ? UNKNOWN : `± ${distance(metres)}`;
}

export function percent(share: number): string {
  return Number.isNaN(share) ? UNKNOWN : `${count(share * 100)} %`;
}

/** `0.8 s`, `14 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 10) return `${formats.value.exact.format(seconds)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${count(seconds / 86_400)} ${words.value.units.day}`;
}

/** A length of time as one would say it: `45 s`, `5 min`, `1 h 30 min`, `2 d`. */
export function span(seconds: number): string {
  if (seconds < 90) return `${count(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
  return `${formats.value.tenth.format(minutes / 1440)} ${words.value.units.day}`;
}

/** `12 m`, `1.2 km`. */
export function distance(metres: number): string {
  const { small, large } = measure();
  return Math.abs(metres) < large.from
    ? `${count(metres / small.each)} ${small.name}`
    : `${formats.value.exact.format(metres / large.each)} ${large.name}`;
}

/** As a distance, without a tenth where it is ten and more: what is said of a town is no measurement. */
export function roughly(metres: number): string {
  const { large } = measure();
  const many = metres / large.each;
  return many < 10 ? distance(metres) : `${count(many)} ${large.name}`;
}

/** As a distance, and what is less than ten with its tenths. */
export function length(metres: number): string {
  const { small } = measure();
  const many = metres / small.each;
  return many < 10 ? `${formats.value.tenth.format(many)} ${small.name}` : distance(metres);
}

/** Whole seconds: a list whose every row shows tenths is restless. */
export function ago(ms: number): string {
  const { now, ago } = words.value.units;
  return ms < 1500 ? now : ago(wholeAge(Math.max(1000, Math.round(ms / 1000) * 1000)));
}

function wholeAge(ms: number): string {
  return ms < 10_000 ? `${ms / 1000} s` : age(ms);
}

export function time(ms: number, now: number): string {
  const { calendar, clock } = formats.value;
  return (now - ms > 20 * 3_600_000 ? calendar : clock).format(ms) + zone(ms);
}

/** Of the day, without it. */
export function clockTime(ms: number): string {
  return formats.value.clock.format(ms);
}

/** Hours and minutes. */
export function dayTime(ms: number): string {
  return formats.value.minute.format(ms);
}

export function moment(ms: number): string {
  return formats.value.full.format(ms) + zone(ms);
}

export interface State {
  readonly key: 'moving' | 'stopped' | 'unknown' | 'silent';
  readonly text: string;
}

const states = computed<Record<'none' | 'elsewhere' | 'silent' | 'moving' | 'stopped' | 'reporting', State>>(() => {
  const said = words.value.devices;
  return {
    none: { key: 'unknown', text: said.never },
    elsewhere: { key: 'unknown', text: said.elsewhere },
    silent: { key: 'silent', text: said.silent },
    moving: { key: 'moving', text: said.moving },
    stopped: { key: 'stopped', text: said.stopped },
    reporting: { key: 'unknown', text: said.reporting },
  };
});

/**
 * What a device is doing, in a word. `at` is NaN where it was never heard of, which says that it never reported only where
 * we are `told` of every device. Makes nothing: lists ask for thousands.
 */
export function stateOf(status: number, at: number, now: number, told: boolean): State {
  const { none, elsewhere, silent, moving, stopped, reporting } = states.value;
  if (Number.isNaN(at)) return told ? none : elsewhere;
  if (now - at > SILENT_MS) return silent;
  return status === Status.Moving ? moving : status === Status.Stopped ? stopped : reporting;
}
