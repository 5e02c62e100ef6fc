/** What looks wrong, each with what to change. */
import type { Finding } from '../api/health';
import { time } from '../panels/format';
import { healthWords } from './words';
import './health.css';

export function Findings({ findings, now }: { findings: readonly Finding[]; now: number }) {
  const said = healthWords.value;
  return (
    <ul class="findings">
      {findings.map((each) => (
        <li key={each.code}>
          {each.text}
          {each.since !== null && <small>{said.since(time(each.since, now))}</small>}
        </li>
      ))}
    </ul>
  );
}
