/** What is known of oneself: to take away, and its end. */
import { here } from '../api/call';
import { removePerson } from '../api/people';
import { Confirm } from '../panels/Confirm';
import { Refusal } from '../panels/SignIn';
import { useAttempt } from './attempt';
import { peopleWords } from './words';

export function Data({ person }: { person: number }) {
  const { error, run } = useAttempt();
  const said = peopleWords.value;
  const leave = async () => {
    if (await run(() => removePerson(person))) location.reload();
  };
  return (
    <details>
      <summary>{said.data}</summary>
      <div class="lines">
        <p class="soft">{said.dataHint}</p>
        <p>
          <a href={here(`/api/people/${person}/export`)} download={`person-${person}.zip`}>
            {said.takeAway}
          </a>
        </p>
        <p class="soft">{said.leaveHint}</p>
        <p class="rows">
          <Confirm question={said.reallyLeave} yes={said.leave} onYes={() => void leave()}>
            {said.leave}
          </Confirm>
        </p>
        <Refusal text={error} />
      </div>
    </details>
  );
}
