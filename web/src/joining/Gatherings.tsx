/** One link by which many phones become devices: it is made here, and how far each phone came is looked at. */
import { useSignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { fetchGatherings, type Gathering, type NewGathering } from '../api/gatherings';
import type { Live } from '../live';
import { AddReach } from '../panels/AddReach';
import { CopyButton } from '../panels/CopyButton';
import { Dialogue } from '../panels/Dialogue';
import { moment } from '../panels/format';
import { Name } from '../panels/Name';
import { moveTo } from '../panels/network';
import { QrCode } from '../panels/QrCode';
import { useAttempt } from '../people/attempt';
import { joining } from '../state';
import { Funnel } from './Funnel';
import { GatheringForm } from './GatheringForm';
import { joiningWords } from './words';

export function Gatherings({ live }: { live: Live }) {
  const [gatherings, setGatherings] = useState<readonly Gathering[]>([]);
  const [made, setMade] = useState<NewGathering | null>(null);
  const { error, run } = useAttempt();
  const said = joiningWords.value;
  const close = () => (joining.value = null);
  const read = () => void run(async () => setGatherings(await fetchGatherings()));
  useEffect(read, []);
  const show = (device: string) => {
    close();
    live.goToDevice(device);
  };
  const opened = (gathering: NewGathering) => {
    setMade(gathering);
    read();
  };
  const ended = (id: string) => {
    if (made?.id === id) setMade(null);
    read();
  };
  return (
    <Dialogue title={said.gatherings} onClose={close}>
      <p class="hint">{said.gatheringsHint}</p>
      {error && <p role="alert">{error}</p>}
      {made ? (
        <MadeLink made={made} onAnother={() => setMade(null)} key={made.id} />
      ) : (
        <GatheringForm onMade={opened} />
      )}
      <section class="joining" aria-label={said.open}>
        <h3>{said.open}</h3>
        {gatherings.length === 0 && <p class="hint">{said.none}</p>}
        {gatherings.map((each) => (
          <One key={each.id} gathering={each} isNew={each.id === made?.id} onShow={show} onEnded={ended} />
        ))}
      </section>
    </Dialogue>
  );
}

/** The link, which is told once. */
function MadeLink({ made, onAnother }: { made: NewGathering; onAnother: () => void }) {
  const origin = useSignal('');
  const said = joiningWords.value;
  const url = moveTo(made.url, origin.value);
  return (
    <div class="connect">
      <AddReach url={url} origin={origin.value} onChoose={(chosen) => (origin.value = chosen)} />
      <figure>
        <QrCode text={url} label={said.scan} />
        <figcaption>{said.scan}</figcaption>
      </figure>
      <pre>
        <code>{url}</code>
      </pre>
      <CopyButton text={url} said={said} kind="primary" />
      <p class="hint">{said.once}</p>
      <button type="button" class="secondary" onClick={onAnother}>
        {said.another}
      </button>
    </div>
  );
}

interface OneProps {
  readonly gathering: Gathering;
  readonly isNew: boolean;
  readonly onShow: (device: string) => void;
  readonly onEnded: (id: string) => void;
}

function One({ gathering, isNew, onShow, onEnded }: OneProps) {
  const [isOpen, setOpen] = useState(isNew);
  const said = joiningWords.value;
  const when = moment(gathering.expires);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Name text={gathering.name} />{' '}
        <small>{gathering.expires > Date.now() ? said.until(when) : said.ended(when)}</small>
      </summary>
      {isOpen && <Funnel id={gathering.id} onShow={onShow} onEnded={() => onEnded(gathering.id)} />}
    </details>
  );
}
