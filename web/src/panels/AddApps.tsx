/** What each app has to be told to report as this device, to scan or to copy, and what to look out for. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { fetchIngestUrl } from '../api/devices';
import { words } from '../words';
import { type AppKey, type AppSetup, listApps } from './apps';
import { CopyButton } from './CopyButton';
import { moveTo } from './network';
import { QrCode } from './QrCode';

export function AddApps({ id, origin }: { id: string; origin: string }) {
  const [url, chosen] = [useSignal<string | null>(null), useSignal<AppKey>('colota')];
  useEffect(() => void fetchIngestUrl(id).then((found) => (url.value = found)), [id]);
  if (url.value === null) return null;
  const apps = listApps(moveTo(url.value, origin), id);
  const said = words.value.apps;
  return (
    <details class="apps">
      <summary>{said.title}</summary>
      <p class="hint">{said.hint}</p>
      <div class="choices" role="radiogroup" aria-label={said.which}>
        {apps.map((app) => (
          <label key={app.key}>
            <input
              type="radio"
              name="app"
              checked={chosen.value === app.key}
              onChange={() => (chosen.value = app.key)}
            />
            <span>
              {app.name} <small>{app.systems}</small>
            </span>
          </label>
        ))}
      </div>
      <Setup app={apps.find((app) => app.key === chosen.value)!} key={chosen.value} />
    </details>
  );
}

function Setup({ app }: { app: AppSetup }) {
  const said = words.value.apps;
  return (
    <div class="setup">
      {said.notes[app.key].map((note) => (
        <p key={note}>{note}</p>
      ))}
      {app.link !== null && (
        <figure>
          <QrCode text={app.link} label={said.scan(app.name)} />
          <figcaption>{said.scan(app.name)}</figcaption>
        </figure>
      )}
      {app.fields.map(([name, text]) => (
        <Copied name={name} text={text} key={name} />
      ))}
    </div>
  );
}

function Copied({ name, text }: { name: string; text: string }) {
  const said = words.value.token;
  return (
    <div class="copied">
      <div>
        <b>{name}</b>
        <CopyButton text={text} said={said} label={`${said.copy}: ${name}`} />
      </div>
      <pre>
        <code>{text}</code>
      </pre>
    </div>
  );
}
