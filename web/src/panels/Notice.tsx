/** One sentence over the map, until somebody closes it. */
import { notice } from '../state';
import { words } from '../words';
import { CloseIcon } from './Icons';

export function Notice() {
  if (notice.value === '') return null;
  return (
    <div class="pill-note card" role="status">
      <span>{notice.value}</span>
      <button type="button" class="quiet" aria-label={words.value.app.close} onClick={() => (notice.value = '')}>
        <CloseIcon />
      </button>
    </div>
  );
}
