import { useState } from 'react'

import { useSession } from '../api/session.ts'

const PREFIX = 'mogran.draft.'

/**
 * A text that is being written: survives a reload of the tab, is kept for its author only, and ends with the session.
 *
 * @param name of the form and of what it is about: `mend 0a1b`
 * @param initial what stands there before anything is typed
 */
export function useDraft(name: string, initial = '') {
  const author = useSession((state) => state.session?.who.subject) ?? ''
  const key = `${PREFIX}${author}.${name}`
  const [draft, setDraft] = useState(() => sessionStorage.getItem(key) ?? undefined)
  return {
    text: draft ?? initial,
    /** Whether something was typed that is not handed in. */
    isDraft: draft !== undefined && draft !== initial,
    write: (text: string) => {
      setDraft(text)
      keep(key, text)
    },
    drop: () => {
      setDraft(undefined)
      sessionStorage.removeItem(key)
    },
  }
}

/** Removes the drafts of everybody from this tab. */
export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
}

function keep(key: string, text: string): void {
  try {
    sessionStorage.setItem(key, text)
  } catch {
    // The place of the tab is full: the text stays on the screen, only a reload would lose it.
    sessionStorage.removeItem(key)
  }
}
