/** What is said with whoever holds a device, what it was told to do, and who has seen its calls for help. */
import { decodeMessage } from '../live/decode';
import type { Message } from '../live/threads';
import { call, list, object, textOrNull } from './call';

/** What a device was told to do beside messages. */
export interface Command {
  readonly id: string;
  readonly name: string;
  readonly seconds: number | null; // of set_interval
  readonly at: number; // ms
  readonly state: 'queued' | 'delivered' | 'failed' | 'expired';
}

/** `by` null: nobody has said so yet. */
export interface Seen {
  readonly by: string | null;
  readonly at: number; // ms, NaN where nobody has
}

const PAGE = 1_000;

function at(device: string): string {
  return `/api/devices/${encodeURIComponent(device)}`;
}

export async function fetchThread(device: string): Promise<readonly Message[]> {
  let found: Message[] = [];
  for (let after = 0; ; ) {
    const page = await call('GET', `${at(device)}/messages?limit=${PAGE}&after=${after}`);
    const messages = list(page['messages']).map(decodeMessage);
    found = [...found, ...messages].slice(-PAGE);
    if (messages.length < PAGE) return found;
    after = Number(page['next']);
  }
}

/** The number of the newest message of all; asked by way of any device. */
export async function fetchMessageHead(device: string): Promise<number> {
  const page = await call('GET', `${at(device)}/messages?limit=1&after=${Number.MAX_SAFE_INTEGER}`);
  return Number(page['next']);
}

export async function sendMessage(device: string, text: string): Promise<Message> {
  return decodeMessage(await call('POST', `${at(device)}/messages`, { text }));
}

export async function sendCommand(device: string, name: string, args: object): Promise<void> {
  await call('POST', `${at(device)}/commands`, { name, args });
}

/** Without messages, which stand in the thread. */
export async function fetchCommands(device: string): Promise<readonly Command[]> {
  const { commands } = await call('GET', `${at(device)}/commands`);
  return list(commands)
    .filter((each) => each['name'] !== 'message')
    .map((each) => {
      const { seconds } = object(each['args']);
      const isOver = Date.parse(String(each['expires'])) <= Date.now();
      return {
        id: String(each['id']),
        name: String(each['name']),
        seconds: typeof seconds === 'number' ? seconds : null,
        at: Date.parse(String(each['created_at'])),
        state: each['ok'] === true ? 'delivered' : each['ok'] === false ? 'failed' : isOver ? 'expired' : 'queued',
      };
    });
}

export async function fetchSeen(event: number): Promise<Seen> {
  return decodeSeen(await call('GET', `/api/events/${event}/seen`));
}

export async function sayAsSeen(event: number): Promise<Seen> {
  return decodeSeen(await call('POST', `/api/events/${event}/seen`, {}));
}

function decodeSeen(seen: Readonly<Record<string, unknown>>): Seen {
  const moment = textOrNull(seen['at']);
  return { by: textOrNull(seen['by']), at: moment === null ? NaN : Date.parse(moment) };
}
