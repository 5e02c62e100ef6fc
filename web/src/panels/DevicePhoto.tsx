/** The photo of a device, chosen from the reader's files: it is made small here and stored at once. */
import { useSignal } from '@preact/signals';
import { ApiError } from '../api/call';
import { photoAddress, removePhoto, setPhoto } from '../api/devices';
import type { Live } from '../live';
import { shrinkPhoto } from '../photo';
import { tick } from '../state';
import { words } from '../words';
import { Fault } from './Field';
import { PhotoIcon } from './Icons';
import { tryAll } from './refusal';

export function DevicePhoto({ live, id }: { live: Live; id: string }) {
  void tick.value; // the catalogue is read anew after each change
  const { devices } = live.feed;
  const photo = devices.photo[devices.row(id) ?? -1] ?? null;
  const fault = useSignal<ApiError | null>(null);
  const done = useSignal('');
  const said = words.value.photo;
  const change = async (step: () => Promise<void>, told: string) => {
    done.value = '';
    await tryAll(fault, step, () => live.readCatalogue());
    if (fault.value === null) done.value = told;
  };
  const choose = (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = ''; // the same file may be chosen once more
    if (file === undefined) return;
    void change(async () => {
      const small = await shrinkPhoto(file);
      if (small === null) throw new ApiError(0, said.unreadable);
      await setPhoto(id, small);
    }, said.saved);
  };
  return (
    <section class="part photo" aria-label={said.title}>
      <h3>{said.title}</h3>
      <div class="row">
        {photo === null ? (
          <span class="face none" aria-hidden="true">
            <PhotoIcon />
          </span>
        ) : (
          <img class="face" src={photoAddress(id, photo)} alt={said.shown} width={64} height={64} />
        )}
        <label class="secondary file">
          {photo === null ? said.choose : said.another}
          <input
            type="file"
            accept="image/*"
            aria-describedby="photo-hint"
            onChange={(event) => choose(event.currentTarget)}
          />
        </label>
        {photo !== null && (
          <button type="button" class="secondary" onClick={() => void change(() => removePhoto(id), said.removed)}>
            {said.remove}
          </button>
        )}
        <span role="status">{done.value}</span>
      </div>
      <Fault text={fault.value?.message} />
      <p class="hint" id="photo-hint">
        {said.hint}
      </p>
    </section>
  );
}
