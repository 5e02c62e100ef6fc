/** Over a place without streets: that this is so, and the command that adds them. */
import { useSignal } from '@preact/signals';
import { describeView, missesStreets } from '../map/coverage';
import { config, looked, mapMissing, mayManage } from '../state';
import { words } from '../words';
import { CloseIcon } from './Icons';

export function NoStreets() {
  const isHidden = useSignal(false);
  const view = looked.value;
  const { mapStyle, streets } = config.value;
  if (isHidden.value || mapMissing.value || mapStyle !== null || view === null) return null;
  if (!missesStreets(streets, view.bounds, view.zoom)) return null;
  const said = words.value.ground;
  return (
    <section class="no-streets card" aria-label={said.none}>
      <p>
        {said.none} {mayManage.value ? said.add : said.adminAdds}
      </p>
      <button
        type="button"
        class="quiet"
        aria-label={said.hide}
        title={said.hide}
        onClick={() => (isHidden.value = true)}
      >
        <CloseIcon />
      </button>
      {mayManage.value && <code>{`python3 -m tracker map add ${describeView(view.bounds)}`}</code>}
    </section>
  );
}
