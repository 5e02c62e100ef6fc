/** Who may see this phone now, and who looked. */
import { useSignal } from '@preact/signals';
import { ask, type Pairing } from './ask';
import { moment, words } from './words';

interface Seen {
  readonly watchers: readonly { kind: string; name: string; role: string; group: string | null }[];
  readonly links: readonly { id: string; name: string; until: string }[];
  readonly readings: readonly { at: string; who: string; link: string | null }[];
}

const MOST = 10; // of who looked

export function Watchers({ pairing }: { pairing: Pairing }) {
  const seen = useSignal<Seen | null>(null);
  const fault = useSignal(false);
  const look = async () => {
    const answer = await ask(pairing, 'GET', `devices/${encodeURIComponent(pairing.device)}/watchers`);
    fault.value = answer === null;
    if (answer) seen.value = (await answer.json()) as Seen;
  };
  return (
    <details class="watchers" onToggle={(event) => event.currentTarget.open && void look()}>
      <summary>{words.watchers}</summary>
      {fault.value && <p class="soft">{words.noServer}</p>}
      {seen.value && <Lists seen={seen.value} />}
    </details>
  );
}

function Lists({ seen }: { seen: Seen }) {
  const { watchers, links, readings } = seen;
  return (
    <>
      <h3>{words.maySee}</h3>
      {watchers.length + links.length === 0 && <p class="soft">{words.nobody}</p>}
      <ul>
        {watchers.map((each) => (
          <li key={`${each.kind} ${each.name} ${each.group}`}>
            <bdi>{each.name || words.program}</bdi>
            <small>
              {words.roles[each.role] ?? each.role}
              {each.group && ` · ${each.group}`}
            </small>
          </li>
        ))}
        {links.map((each) => (
          <li key={each.id}>
            <bdi>{words.link(each.name)}</bdi>
            <small>{words.linkUntil(moment(Date.parse(each.until)))}</small>
          </li>
        ))}
      </ul>
      <h3>{words.looked}</h3>
      {readings.length === 0 && <p class="soft">{words.nobodyLooked}</p>}
      <ul>
        {readings.slice(0, MOST).map((each) => (
          <li key={`${each.at} ${each.who}`}>
            <bdi>{each.link === null ? each.who : words.byLink(each.who)}</bdi>
            <small>{moment(Date.parse(each.at))}</small>
          </li>
        ))}
      </ul>
      <p class="soft">{words.operator}</p>
    </>
  );
}
