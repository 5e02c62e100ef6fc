/** The phone shows itself to whoever gets the link, for an hour; what others may see is said here, and can be ended. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ask, type Pairing } from './ask';
import { clock, number, words } from './words';

const HOUR_MS = 3_600_000;

interface Shown {
  readonly id: string;
  readonly until: string;
  readonly viewers: number;
}

export function Share({ pairing }: { pairing: Pairing }) {
  const shown = useSignal<readonly Shown[]>([]);
  const url = useSignal('');
  const fault = useSignal(false);
  const call = async (method: string, path: string, body?: object): Promise<Response | null> => {
    const answer = await ask(pairing, method, `shares${path}`, body);
    fault.value = answer === null;
    return answer;
  };
  const look = async () => {
    const answer = await call('GET', '');
    if (answer) shown.value = ((await answer.json()) as { shares: Shown[] }).shares;
  };
  const share = async () => {
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    const answer = await call('POST', '', { devices: [{ id: pairing.device }], until });
    if (!answer) return;
    url.value = ((await answer.json()) as { url: string }).url;
    await look();
  };
  const end = async ({ id }: Shown) => {
    if (await call('DELETE', `/${id}`)) url.value = '';
    await look();
  };
  useEffect(() => void look(), []);
  return (
    <section class="share">
      <h2>{words.share}</h2>
      {shown.value.map((each) => (
        <div class="row" key={each.id}>
          <p>{words.sharedUntil(clock(Date.parse(each.until)), number(each.viewers))}</p>
          <button type="button" onClick={() => void end(each)}>
            {words.shareEnd}
          </button>
        </div>
      ))}
      {url.value && (
        <div class="row">
          <input
            readOnly
            aria-label={words.shareLink}
            value={url.value}
            onFocus={(event) => event.currentTarget.select()}
          />
          {'share' in navigator && (
            <button type="button" onClick={() => void navigator.share({ url: url.value }).catch(() => {})}>
              {words.shareSend}
            </button>
          )}
        </div>
      )}
      {fault.value && <p class="soft">{words.noServer}</p>}
      <button type="button" onClick={() => void share()}>
        {words.shareHour}
      </button>
    </section>
  );
}
