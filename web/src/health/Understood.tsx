/** After the first position of a device: what was understood of its app, and what looks wrong already. */
import { useSignal } from '@preact/signals';
import { fetchHealth, type Health } from '../api/health';
import { useLook } from '../panels/look';
import { language } from '../words';
import { Findings } from './Findings';
import { healthWords } from './words';

const LOOK_MS = 5_000;

export function Understood({ id }: { id: string }) {
  const health = useSignal<Health | null>(null);
  const spoken = language.value;
  const look = () =>
    fetchHealth(id, spoken).then(
      (found) => (health.value = found),
      () => {}, // asked again soon
    );
  useLook(look, LOOK_MS, `${id} ${spoken}`);
  if (health.value === null) return null;
  const said = healthWords.value;
  const { app, phone, speedUnit, findings } = health.value;
  const name = [app, phone].filter(Boolean).join(', ');
  return (
    <div class="understood">
      {name && <p>{speedUnit === null ? said.understood(name) : said.understoodSpeed(name, speedUnit)}</p>}
      {findings.length === 0 ? <p>{said.well}</p> : <Findings findings={findings} now={Date.now()} />}
    </div>
  );
}
