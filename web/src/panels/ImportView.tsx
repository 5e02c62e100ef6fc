/** A file of geofences before it is taken in: what would be new, what would be another, and what cannot be taken, by number. */
import { useMemo } from 'preact/hooks';
import { kindOf } from '../api/geofences';
import type { Bad, Becomes, Imported, Proposed, Said } from '../api/imports';
import type { Importing, Preview } from '../geofences/importing';
import { drawingWords } from '../geofences/words';
import type { Live } from '../live';
import { sayIn } from '../refusals/say';
import { besideCard } from '../room';
import { words } from '../words';
import { Fault } from './Field';
import { count } from './format';
import { InGroup } from './InGroup';
import { KindIcon } from './KindIcon';
import { isolated, Name } from './Name';

const SHOWN = 200; // of what would be made; the map shows all

export function ImportView({ live, importing }: { live: Live; importing: Importing }) {
  const preview = importing.preview.value;
  if (preview) return <PreviewView live={live} importing={importing} preview={preview} />;
  return (
    <>
      {importing.busy.value && (
        <p class="hint" role="status">
          {drawingWords.value.importing.reading}
        </p>
      )}
      <Fault text={importing.fault.value} />
      <Refused refused={importing.refused.value} />
      {importing.done.value && <Done importing={importing} report={importing.done.value.report} />}
    </>
  );
}

function PreviewView({ live, importing, preview }: { live: Live; importing: Importing; preview: Preview }) {
  const said = drawingWords.value.importing;
  const { report, proposed, file } = preview;
  const replaces = importing.replaces.value;
  const written = report.created + (replaces ? report.replaced : 0);
  return (
    <section class="import-view" aria-label={said.title(isolated(file.name))}>
      <h2>
        <bdi>{file.name}</bdi>
      </h2>
      <p class="hint">{said.nothingYet}</p>
      <InGroup
        id="import-group"
        group={importing.group.value}
        onPick={(group) => void importing.putInto(group)}
        disabled={importing.doing.value === 'writing'}
      />
      <Counts report={report} />
      {report.replaced > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={replaces}
            onChange={(event) => (importing.replaces.value = event.currentTarget.checked)}
          />{' '}
          {said.replace(count(report.replaced))}
        </label>
      )}
      <Fault text={importing.fault.value} />
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={importing.busy.value || written === 0}
          onClick={() => void importing.takeIn()}
        >
          {sayDoing(importing) ?? said.take(count(written))}
        </button>
        <button type="button" class="secondary" onClick={() => importing.close()}>
          {words.value.app.cancel}
        </button>
      </div>
      <Refused refused={report.refused} all={report.refusedCount} />
      <Notes said={report.said} />
      <Proposals live={live} proposed={proposed} all={report.created + report.replaced + report.unchanged} />
    </section>
  );
}

function sayDoing({ doing }: Importing): string | null {
  if (doing.value === null) return null;
  return doing.value === 'looking' ? drawingWords.value.importing.reading : words.value.app.saving;
}

function Proposals({ live, proposed, all }: { live: Live; proposed: readonly Proposed[]; all: number }) {
  const shown = useMemo(() => proposed.filter((each) => each.becomes !== 'unchanged').slice(0, SHOWN), [proposed]);
  const more = all - proposed.filter((each) => each.becomes === 'unchanged').length - shown.length;
  return (
    <ul class="proposed">
      {shown.map(({ index, becomes, fence }) => (
        <li key={index}>
          <button type="button" onClick={() => live.view.peek()?.fitFence(fence, besideCard())}>
            <KindIcon kind={kindOf(fence.geometry)} /> <Name text={fence.name} />
            <small class={becomes}>{drawingWords.value.importing.becomes[becomes]}</small>
          </button>
        </li>
      ))}
      {more > 0 && <li class="more">{words.value.geofences.andMore(more)}</li>}
    </ul>
  );
}

function Counts({ report }: { report: Imported }) {
  const { created, replaced, unchanged, refusedCount } = report;
  const said = words.value.geofences.imported;
  const counts: readonly [number, string][] = [
    [created, said.created],
    [replaced, said.replaced],
    [unchanged, said.unchanged],
    [refusedCount, said.refused],
  ];
  const told = counts.filter(([many], i) => many > 0 || i === 0).map(([many, what]) => `${count(many)} ${what}`);
  return <p role="status">{told.join(', ')}</p>;
}

function Refused({ refused, all }: { refused: readonly Bad[]; all?: number }) {
  if (refused.length === 0) return null;
  return (
    <details open>
      <summary>{drawingWords.value.importing.refused(count(all ?? refused.length))}</summary>
      <ul class="refused">
        {refused.map(({ index, name, reason }) => (
          <li key={index}>
            {drawingWords.value.importing.feature(count(index + 1))}
            {name !== null && (
              <>
                {' '}
                <Name text={name} />
              </>
            )}
            : <bdi>{sayIn(reason)}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Notes({ said }: { said: readonly Said[] }) {
  if (said.length === 0) return null;
  const { feature, times } = drawingWords.value.importing;
  return (
    <details>
      <summary>{drawingWords.value.importing.readOtherwise}</summary>
      <ul>
        {said.map((each, i) => (
          <li key={i}>
            {each.index !== null && `${feature(count(each.index + 1))}: `}
            <bdi>{sayIn(each.note)}</bdi>
            {each.times > 1 && ` ${times(count(each.times))}`}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Done({ importing, report }: { importing: Importing; report: Imported }) {
  return (
    <div class="hint">
      <Counts report={report} />
      {importing.done.value?.undo && (
        <button type="button" class="link" disabled={importing.busy.value} onClick={() => void importing.takeBack()}>
          {drawingWords.value.importing.takeBack}
        </button>
      )}
      <Refused refused={report.refused} all={report.refusedCount} />
      <Notes said={report.said} />
    </div>
  );
}

export type { Becomes };
