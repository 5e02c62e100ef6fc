/** Subscriptions at work: the list, the one that is open with its deliveries, the one that is written. */
import { signal } from '@preact/signals';
import { inSameStep } from '../address';
import { ApiError } from '../api/call';
import {
  changeSubscription,
  createSubscription,
  type Delivery,
  deleteSubscription,
  fetchDeliveries,
  fetchSubscriptions,
  newSecret,
  type Subscription,
  sendAgain,
  sendTest,
} from '../api/subscriptions';
import { without } from '../geofences/draft';
import { openAlert } from '../state';
import { words } from '../words';
import { askThisBrowser, PushRefused } from './push';
import { channelOf, newWish, type WishDraft, wishBody, wishFaultAt, wishFaults, wishOf } from './wish';

const SHOWN = 50; // deliveries
const BUSY_MS = 700; // between looks while a message waits to be sent soon
const IDLE_MS = 5_000;
const SOON_MS = 10_000;

export class Desk {
  readonly subscriptions = signal<readonly Subscription[] | null>(null); // null: not read yet
  readonly open = signal<Subscription | null>(null);
  readonly draft = signal<WishDraft | null>(null);
  readonly deliveries = signal<readonly Delivery[] | null>(null);
  /** Of the open one, until it is closed: shown once. */
  readonly secret = signal<string | null>(null);
  readonly faults = signal<Readonly<Record<string, string>>>({});
  readonly busy = signal(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watching = false;
  private looking: Promise<void> = Promise.resolve();

  async read(): Promise<void> {
    await this.tried(async () => {
      const found = await fetchSubscriptions();
      this.subscriptions.value = found;
      const id = this.open.peek()?.id;
      if (id !== undefined) this.open.value = found.find((each) => each.id === id) ?? null;
    });
  }

  show(subscription: Subscription): void {
    this.close();
    this.open.value = subscription;
    openAlert.value = subscription.id;
  }

  /** `personal`: a new one is to be one's own. */
  write(subscription: Subscription | null, personal = false): void {
    this.faults.value = {};
    this.draft.value = subscription ? wishOf(subscription) : newWish(personal);
  }

  change(part: Partial<WishDraft>): void {
    const draft = this.draft.peek();
    if (!draft) return;
    this.draft.value = { ...draft, ...part };
    this.faults.value = without(this.faults.peek(), Object.keys(part));
  }

  giveUp(): void {
    this.draft.value = null;
    this.faults.value = {};
  }

  /** The one that the address says; what is being written meanwhile is not thrown away for it. */
  follow(): void {
    const [id, found] = [openAlert.peek(), this.subscriptions.peek()];
    if (found === null || this.draft.peek() !== null || id === (this.open.peek()?.id ?? null)) return;
    const named = found.find((each) => each.id === id);
    if (named) this.show(named);
    else inSameStep(() => this.close());
  }

  close(): void {
    this.rest();
    openAlert.value = null;
    this.open.value = this.draft.value = this.deliveries.value = this.secret.value = null;
    this.faults.value = {};
  }

  async save(): Promise<void> {
    const draft = this.draft.peek();
    if (!draft || this.busy.peek()) return;
    this.faults.value = wishFaults(draft);
    if (Object.keys(this.faults.value).length) return;
    await this.tried(async () => {
      const body = { ...wishBody(draft), channel: channelOf(draft) ?? (await askThisBrowser()) };
      const saved = await (draft.id === null
        ? createSubscription(body)
        : changeSubscription(draft.id, kept(body, draft)));
      await this.refresh(saved);
      this.secret.value = saved.secret ?? this.secret.peek();
    });
  }

  async enable(enabled: boolean): Promise<void> {
    await this.tried(async () => this.refresh(await changeSubscription(this.open.peek()!.id, { enabled })));
  }

  async remove(): Promise<void> {
    this.rest();
    await this.looking; // nobody asks for the log of what is gone
    await this.tried(async () => {
      await deleteSubscription(this.open.peek()!.id);
      this.close();
      this.subscriptions.value = await fetchSubscriptions();
    });
  }

  async replaceSecret(): Promise<void> {
    await this.tried(async () => void (this.secret.value = (await newSecret(this.open.peek()!.id)).secret));
  }

  async test(): Promise<void> {
    await this.tried(async () => sendTest(this.open.peek()!.id));
    await this.watch();
  }

  async again(delivery: Delivery): Promise<void> {
    await this.tried(async () => sendAgain(this.open.peek()!.id, delivery.id));
    await this.watch();
  }

  private async refresh(saved: Subscription): Promise<void> {
    this.subscriptions.value = await fetchSubscriptions();
    this.draft.value = null;
    this.open.value = saved; // whose view watches it
    openAlert.value = saved.id;
  }

  /** The log is looked at no more. */
  rest(): void {
    clearTimeout(this.timer);
    this.watching = false;
  }

  /** Reads the log again and again until `rest`, often while something is about to be sent. */
  watch(): Promise<void> {
    this.watching = true;
    clearTimeout(this.timer);
    this.looking = this.look();
    return this.looking;
  }

  private async look(): Promise<void> {
    const id = this.open.peek()?.id;
    if (id === undefined) return;
    const found = await fetchDeliveries(id, SHOWN).catch((error: unknown) => {
      if (error instanceof ApiError || error instanceof TypeError) return null; // the next look makes it good
      throw error;
    });
    if (this.open.peek()?.id !== id) return;
    if (found) this.deliveries.value = found;
    clearTimeout(this.timer);
    if (this.watching) this.timer = setTimeout(() => void this.watch(), found?.some(isSoon) ? BUSY_MS : IDLE_MS);
  }

  private async tried(work: () => Promise<unknown>): Promise<void> {
    this.busy.value = true;
    this.faults.value = {};
    try {
      await work();
    } catch (error) {
      this.faults.value = explained(error);
    } finally {
      this.busy.value = false;
    }
  }
}

/** One without a time waits for another, or was made just now. */
function isSoon({ state, due, createdAt }: Delivery): boolean {
  return state === 'waiting' && (due === null ? Date.now() - createdAt < SOON_MS : due < Date.now() + SOON_MS);
}

/** A browser's channel is not sent back: the server shows only a part of it. */
function kept(body: object, draft: WishDraft): object {
  const { channel, ...rest } = body as { channel: object };
  return draft.kind === 'webpush' && draft.endpoint ? rest : { ...rest, channel };
}

function explained(error: unknown): Readonly<Record<string, string>> {
  if (error instanceof PushRefused) return { kind: error.message };
  if (error instanceof TypeError) return { form: words.value.app.noAnswer };
  if (!(error instanceof ApiError)) throw error;
  return wishFaultAt(error.field, error.message);
}
