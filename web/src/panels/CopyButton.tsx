/** Puts a text where one can paste it from. Nothing where the browser lets no page do that. */
import { useSignal } from '@preact/signals';

interface Props {
  readonly text: string;
  readonly said: { readonly copy: string; readonly copied: string };
  readonly kind?: 'primary' | 'secondary';
  readonly label?: string; // where what it says leaves open what is copied
}

export function CopyButton({ text, said, kind = 'secondary', label }: Props) {
  const isCopied = useSignal(false);
  const copy = () => void navigator.clipboard.writeText(text).then(() => (isCopied.value = true));
  if (!('clipboard' in navigator)) return null;
  return (
    <button type="button" class={kind} aria-label={label} onClick={copy}>
      {isCopied.value ? said.copied : said.copy}
    </button>
  );
}
