/** The audit, for owners and managers: who did what to what, the newest first, narrowed by what is typed. */
import { useState } from 'preact/hooks';
import { type Entry, fetchAudit } from '../api/audit';
import { fold } from '../finding';
import { locale } from '../words';
import { useAttempt } from './attempt';
import { peopleWords } from './words';

const PAGE = 50;

export function Audit() {
  const [entries, setEntries] = useState<readonly Entry[] | null>(null);
  const [text, setText] = useState('');
  const [shown, setShown] = useState(PAGE);
  const { error, run } = useAttempt();
  const said = peopleWords.value;
  const read = () => void run(async () => setEntries(await fetchAudit()));
  const typed = fold(text.trim());
  const found = (entries ?? []).filter((each) => fold(tell(each)).includes(typed));
  return (
    <details onToggle={(event) => event.currentTarget.open && read()}>
      <summary>{said.audit}</summary>
      {error && <p role="alert">{error}</p>}
      <input
        type="search"
        aria-label={said.auditFilter}
        placeholder={said.auditFilter}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setShown(PAGE);
        }}
      />
      {entries !== null && found.length === 0 && <p class="soft">{said.auditNone}</p>}
      <ul class="rows">
        {found.slice(0, shown).map((each) => (
          <li key={each.number}>
            <span>
              <bdi>{each.who}</bdi> {each.deed} <bdi>{each.object}</bdi>
              <br />
              <span class="soft">
                {say(each.at)}
                {[each.address, each.group, each.detail].filter(Boolean).map((part) => ` · ${part}`)}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {found.length > shown && (
        <button type="button" onClick={() => setShown(shown + PAGE)}>
          {said.more}
        </button>
      )}
    </details>
  );
}

function tell({ who, deed, object, address, group, detail }: Entry): string {
  return [who, deed, object, address, group, detail].join(' ');
}

function say(ms: number): string {
  return new Date(ms).toLocaleString(locale.value, { dateStyle: 'medium', timeStyle: 'short' });
}
