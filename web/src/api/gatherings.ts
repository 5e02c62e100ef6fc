/** Gatherings: one link for many phones, and how far each of them came. */
import { call, type Json, list, object, textOrNull } from './call';

export const STEPS = ['scanned', 'allowed', 'placed', 'steady'] as const;
export type Step = (typeof STEPS)[number];

export interface Gathering {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly most: number;
  readonly expires: number; // ms
}

/** `url`: told once. */
export interface NewGathering extends Gathering {
  readonly url: string;
}

export interface GatheringPhone {
  readonly device: string;
  readonly number: number;
  readonly step: Step;
  readonly denied: boolean; // its person does not allow the position
  readonly reminded: number | null; // ms
}

/** `reached`: how many came at least so far. */
export interface Progress {
  readonly reached: Readonly<Record<Step, number>>;
  readonly phones: readonly GatheringPhone[];
}

export interface GatheringWish {
  readonly name: string;
  readonly until: Date;
  readonly most: number;
  readonly group: string | null;
}

/** The newest first. */
export async function fetchGatherings(): Promise<readonly Gathering[]> {
  return list((await call('GET', '/api/gatherings'))['gatherings']).map(readGathering);
}

export async function makeGathering(wish: GatheringWish): Promise<NewGathering> {
  const made = await call('POST', '/api/gatherings', { ...wish, until: wish.until.toISOString() });
  return { ...readGathering(made), url: String(made['url']) };
}

export async function fetchProgress(id: string): Promise<Progress> {
  const found = await call('GET', at(id));
  const funnel = object(found['funnel']);
  const reached = Object.fromEntries(STEPS.map((step) => [step, Number(funnel[step])])) as Record<Step, number>;
  return { reached, phones: list(found['phones']).map(readPhone) };
}

/** The link ends; its devices stay. */
export async function endGathering(id: string): Promise<void> {
  await call('DELETE', at(id));
}

/** Writes to those who did not get to the end. How many that were. */
export async function remind(id: string, text: string): Promise<number> {
  return Number((await call('POST', `${at(id)}/reminder`, { text }))['reminded']);
}

function at(id: string): string {
  return `/api/gatherings/${encodeURIComponent(id)}`;
}

function readGathering(found: Json): Gathering {
  return {
    id: String(found['id']),
    name: String(found['name']),
    group: String(found['group']),
    most: Number(found['most']),
    expires: Date.parse(String(found['expires'])),
  };
}

function readPhone(found: Json): GatheringPhone {
  const reminded = textOrNull(found['reminded_at']);
  return {
    device: String(found['device']),
    number: Number(found['number']),
    step: STEPS.find((step) => step === found['step']) ?? 'scanned',
    denied: found['denied'] === true,
    reminded: reminded === null ? null : Date.parse(reminded),
  };
}
