/** The server writes letters and pushes in the language of this page, once it was told. */
import { changePerson, fetchPerson } from '../api/people';
import { me } from '../state';
import { language } from '../words';

/** `isChosen`: by the person, just now. Else it is told only where none is known: another browser may have another. */
export async function tellLanguage(isChosen: boolean): Promise<void> {
  const person = me.peek()?.person ?? null;
  if (person === null) return;
  try {
    if (isChosen || (await fetchPerson(person)).language === null)
      await changePerson(person, { language: language.peek() });
  } catch {
    // it is told the next time
  }
}
