/** How far the phones of a gathering came, read again while it is looked at; those who are stuck are reminded. */
import { useSignal } from '@preact/signals';
import { endGathering, fetchProgress, type GatheringPhone, type Progress, remind, STEPS } from '../api/gatherings';
import { Confirm } from '../panels/Confirm';
import { Fault } from '../panels/Field';
import { ago, count } from '../panels/format';
import { useLook } from '../panels/look';
import { readRefusal } from '../panels/refusal';
import { joiningWords } from './words';

const LOOK_MS = 3_000;

interface Props {
  readonly id: string;
  readonly onShow: (device: string) => void;
  readonly onEnded: () => void;
}

export function Funnel({ id, onShow, onEnded }: Props) {
  const progress = useSignal<Progress | null>(null);
  const [fault, unread] = [useSignal(''), useSignal('')];
  const look = () =>
    fetchProgress(id).then(
      (found) => ([progress.value, unread.value] = [found, '']),
      (error) => (unread.value = readRefusal(error).message), // asked again soon
    );
  useLook(look, LOOK_MS, id);
  const end = () =>
    void endGathering(id).then(onEnded, (error) => {
      fault.value = readRefusal(error).message;
    });
  const said = joiningWords.value;
  if (progress.value === null) return <p class="hint">{unread.value ? said.unread(unread.value) : said.reading}</p>;
  const { phones, reached } = progress.value;
  return (
    <div class="funnel">
      {unread.value && <p role="alert">{said.unread(unread.value)}</p>}
      <Reached reached={reached} all={phones.length} />
      {phones.length === 0 && <p class="hint">{said.nobody}</p>}
      <ul class="phones">
        {phones.map((each) => (
          <Phone phone={each} onShow={onShow} key={each.device} />
        ))}
      </ul>
      {phones.some((each) => each.step !== 'steady') && <Remind id={id} onReminded={() => void look()} />}
      <Fault text={fault.value || undefined} />
      <Confirm question={said.reallyEnd} yes={said.endYes} onYes={end}>
        {said.end}
      </Confirm>
    </div>
  );
}

function Reached({ reached, all }: { reached: Progress['reached']; all: number }) {
  const said = joiningWords.value;
  return (
    <dl aria-label={said.funnel}>
      {STEPS.map((step) => (
        <div key={step}>
          <dt>{said.steps[step]}</dt>
          <dd>
            <meter min={0} max={Math.max(all, 1)} value={reached[step]} aria-label={said.steps[step]} />
            {said.of(count(reached[step]), count(all))}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Phone({ phone, onShow }: { phone: GatheringPhone; onShow: (device: string) => void }) {
  const said = joiningWords.value;
  return (
    <li class={phone.step}>
      <button type="button" aria-label={said.showPhone(phone.device)} onClick={() => onShow(phone.device)}>
        {phone.number}
      </button>
      <span>
        {said.steps[phone.step]}
        {phone.denied && <small>{said.denied}</small>}
        {phone.reminded !== null && <small>{said.reminded(ago(Date.now() - phone.reminded))}</small>}
      </span>
    </li>
  );
}

function Remind({ id, onReminded }: { id: string; onReminded: () => void }) {
  const said = joiningWords.value;
  const [text, done, fault] = [useSignal(said.reminder), useSignal<number | null>(null), useSignal('')];
  const send = async (event: Event) => {
    event.preventDefault();
    fault.value = '';
    try {
      done.value = await remind(id, text.value);
      onReminded();
    } catch (error) {
      fault.value = readRefusal(error).message;
    }
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      <label for={`reminder-${id}`}>{said.reminderText}</label>
      <textarea
        id={`reminder-${id}`}
        rows={2}
        maxLength={1000}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <button type="submit">{said.remind}</button>
      {done.value !== null && <p role="status">{said.remindedSome(count(done.value))}</p>}
      <Fault text={fault.value || undefined} />
    </form>
  );
}
