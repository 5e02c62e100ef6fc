/** Sources: an address for what speaks for many devices, and the names it says that are no device yet. */
import { useSignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { fetchHeardOf, fetchSources, type Heard, makeSource, removeSource, type Source } from '../api/sources';
import { useFirstField } from '../focus';
import type { Live } from '../live';
import { HeardLine } from '../panels/AddHeard';
import { Confirm } from '../panels/Confirm';
import { CopyButton } from '../panels/CopyButton';
import { Dialogue } from '../panels/Dialogue';
import { Fault, Field } from '../panels/Field';
import { count } from '../panels/format';
import { useLook } from '../panels/look';
import { Name } from '../panels/Name';
import { readRefusal } from '../panels/refusal';
import { useAttempt } from '../people/attempt';
import { isAdmin, joining } from '../state';
import { words } from '../words';
import { GroupPick, useGroups } from './GroupPick';
import { joiningWords } from './words';

const LOOK_MS = 5_000;

export function Sources({ live }: { live: Live }) {
  const [sources, setSources] = useState<readonly Source[] | null>(null);
  const [made, setMade] = useState<string | null>(null);
  const { error, run } = useAttempt();
  const said = joiningWords.value;
  const close = () => (joining.value = null);
  const read = () => void run(async () => setSources(await fetchSources()));
  useEffect(read, []);
  const show = (device: string) => {
    close();
    live.goToDevice(device);
  };
  const added = (source: Source) => {
    setMade(source.id);
    read();
  };
  return (
    <Dialogue title={said.sources} onClose={close}>
      <p class="hint">{said.sourcesHint}</p>
      {error && <p role="alert">{error}</p>}
      <NewSource onMade={added} />
      <section class="joining" aria-label={said.sources}>
        {sources?.length === 0 && <p class="hint">{said.noSources}</p>}
        {sources?.map((each) => (
          <details key={each.id} open={each.id === made || sources.length === 1}>
            <summary>
              <Name text={each.name} /> <small>{each.group ?? ''}</small>
            </summary>
            <One source={each} onShow={show} onRemoved={read} />
          </details>
        ))}
      </section>
    </Dialogue>
  );
}

function NewSource({ onMade }: { onMade: (source: Source) => void }) {
  const [name, group, fault] = [useSignal(''), useSignal(''), useSignal('')];
  const groups = useGroups();
  const form = useFirstField();
  const said = joiningWords.value;
  const save = async (event: Event) => {
    event.preventDefault();
    fault.value = '';
    try {
      const chosen = group.value || (isAdmin.value ? null : (groups?.[0]?.id ?? null));
      onMade(await makeSource(name.value.trim(), chosen));
      name.value = '';
    } catch (error) {
      fault.value = readRefusal(error).message;
    }
  };
  return (
    <form class="form" ref={form} onSubmit={(event) => void save(event)}>
      <Field id="source-name" label={said.sourceName} value={name.value} onInput={(text) => (name.value = text)} />
      {groups !== null && groups.length > 0 && (
        <GroupPick
          id="source-group"
          groups={groups}
          value={group.value}
          {...(isAdmin.value ? { none: said.noGroup } : {})}
          onPick={(id) => (group.value = id)}
        />
      )}
      <Fault text={fault.value || undefined} />
      <button type="submit" class="primary">
        {said.makeSource}
      </button>
    </form>
  );
}

interface OneProps {
  readonly source: Source;
  readonly onShow: (device: string) => void;
  readonly onRemoved: () => void;
}

function One({ source, onShow, onRemoved }: OneProps) {
  const fault = useSignal('');
  const said = joiningWords.value;
  const remove = () =>
    void removeSource(source.id).then(onRemoved, (error) => {
      fault.value = readRefusal(error).message;
    });
  return (
    <div class="setup">
      <Copied what={said.address} text={source.url} />
      <Copied what={said.traccar} text={forwarding(source.url)} />
      <p>{said.others}</p>
      {source.fault !== null && <p class="warning">{said.fault(source.fault)}</p>}
      <HeardOf source={source.id} onShow={onShow} />
      <Fault text={fault.value || undefined} />
      <Confirm question={said.reallyRemove} yes={said.remove} onYes={remove}>
        {said.remove}
      </Confirm>
    </div>
  );
}

/** What a Traccar server is told, so that it sends all it knows. The address holds nothing that XML would read. */
function forwarding(url: string): string {
  return `<entry key='forward.type'>json</entry>\n<entry key='forward.url'>${url}</entry>`;
}

function Copied({ what, text }: { what: string; text: string }) {
  const said = joiningWords.value;
  return (
    <div class="copied">
      <div>
        <b>{what}</b>
        <CopyButton text={text} said={words.value.token} label={said.copyThat(what)} />
      </div>
      <pre>
        <code>{text}</code>
      </pre>
    </div>
  );
}

/** The names it says, read again while they are looked at. */
function HeardOf({ source, onShow }: { source: string; onShow: (device: string) => void }) {
  const heard = useSignal<readonly Heard[]>([]);
  const adopted = useSignal<{ readonly id: string; readonly stored: number } | null>(null);
  const look = () =>
    fetchHeardOf(source).then(
      (found) => (heard.value = found),
      () => {}, // asked again soon
    );
  useLook(look, LOOK_MS, source);
  const took = (id: string, stored: number) => {
    adopted.value = { id, stored };
    void look();
  };
  const said = joiningWords.value;
  return (
    <section class="heard" aria-label={words.value.heard.title}>
      <h3>{words.value.heard.title}</h3>
      {adopted.value && (
        <p class="arrival there" role="status">
          {said.adopted(adopted.value.id, count(adopted.value.stored))}
          <button type="button" class="primary" onClick={() => onShow(adopted.value!.id)}>
            {words.value.adding.show}
          </button>
        </p>
      )}
      <p class="hint">{heard.value.length === 0 ? said.allKnown : words.value.heard.hint}</p>
      <ul>
        {heard.value.map((each) => (
          <HeardLine heard={each} onAdopted={took} key={each.name} />
        ))}
      </ul>
    </section>
  );
}
