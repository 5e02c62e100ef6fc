/**
 * Where the keyboard goes. It moves in the same turn as what is shown for it: an effect runs after the next paint, which a busy
 * machine makes late, and takes the keyboard from whoever has gone on to another field meanwhile, with the letters typed there.
 */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

const WRITTEN_IN = 'input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]';

/** What this is put on has the keyboard from the moment it is shown, and is left alone after that. */
export function useFocus<T extends HTMLElement>(isWanted = true): RefObject<T | null> {
  const target = useRef<T>(null);
  useLayoutEffect(() => {
    if (isWanted) target.current?.focus();
  }, []);
  return target;
}

/** The same for its first field. */
export function useFirstField(): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector('input')?.focus(), []);
  return form;
}

/** What comes when the server has answered takes the keyboard only from nobody. */
export function useFreeFocus<T extends HTMLElement>(): RefObject<T | null> {
  const target = useRef<T>(null);
  useLayoutEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) target.current?.focus();
  }, []);
  return target;
}

/** Somebody is in a field of a form: what comes up beside it leaves the keyboard there. */
export function isWriting(): boolean {
  return document.activeElement?.matches(WRITTEN_IN) === true;
}
