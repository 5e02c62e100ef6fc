/** Metric, imperial or nautical: SI inside, these only where a person reads or types. */
import { signal } from '@preact/signals';
import { readStored, store } from './storage';

export type Units = 'metric' | 'imperial' | 'nautical';
export const UNITS: readonly Units[] = ['metric', 'imperial', 'nautical'];

interface Measure {
  readonly speed: { readonly name: string; readonly each: number }; // m/s of one
  readonly small: { readonly name: string; readonly each: number }; // m of one
  readonly large: { readonly name: string; readonly each: number; readonly from: number }; // used from so many metres
}

const MEASURES: Record<Units, Measure> = {
  metric: {
    speed: { name: 'km/h', each: 1 / 3.6 },
    small: { name: 'm', each: 1 },
    large: { name: 'km', each: 1000, from: 1000 },
  },
  imperial: {
    speed: { name: 'mph', each: 0.44704 },
    small: { name: 'ft', each: 0.3048 },
    large: { name: 'mi', each: 1609.344, from: 322 },
  },
  nautical: {
    speed: { name: 'kn', each: 1852 / 3600 },
    small: { name: 'm', each: 1 },
    large: { name: 'nmi', each: 1852, from: 926 },
  },
};
const KEY = 'tracker.units';

export const units = signal<Units>(UNITS.find((each) => each === readStored(KEY)) ?? 'metric');

export function chooseUnits(chosen: Units): void {
  units.value = chosen;
  store(KEY, chosen);
}

export function measure(): Measure {
  return MEASURES[units.value];
}
