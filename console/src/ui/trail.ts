import { useEffect } from 'react'
import { useLocation } from 'react-router'
import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'

/** A page that the user came from: its address with its filters, and its title. */
export interface Crumb {
  readonly to: string
  readonly text: string
}

interface Walk {
  /** The page on the screen, and the key of its entry in the history. */
  readonly here: (Crumb & { readonly key: string }) | undefined
  /** Where one came from, by key of the history entry. */
  readonly from: Readonly<Record<string, Crumb>>
}

const REMEMBERED = 50
const NO_KEY = 'default'
const START: Walk = { here: undefined, from: {} }

/** The way through the pages in this tab, so that it survives a reload. */
const useWalk = create<Walk>()(
  persist<Walk>(() => START, { name: 'mogran.trail', storage: createJSONStorage(() => sessionStorage) }),
)

/** Forgets the way: its titles name patients. */
export function forgetTrail(): void {
  useWalk.setState(START)
}

/**
 * Notes that a page is shown.
 *
 * @param isPassing the page is no place to come from: it only leads on, or does not know its title yet
 * @returns the page from which the user came to this one
 */
export function useTrail(title: string, isPassing: boolean): Crumb | undefined {
  const { key, pathname, search } = useLocation()
  useEffect(() => {
    useWalk.setState((walk) => walkedTo(walk, { key, to: pathname + search, text: title, isPassing }))
  }, [key, pathname, search, title, isPassing])
  return useWalk(({ from }) => from[key])
}

interface Step extends Crumb {
  readonly key: string
  readonly isPassing?: boolean
}

/** The walk after a page was shown. Another tab or filter of the same page keeps where one came from. */
export function walkedTo({ here, from }: Walk, { isPassing = false, ...page }: Step): Walk {
  const next = isPassing ? here : page
  // An address that was typed in begins a new walk: its entry has no key of its own.
  if (here?.key === page.key || page.key === NO_KEY) return { here: next, from }
  const isSamePage = here !== undefined && pathOf(here) === pathOf(page)
  const origin = isSamePage ? from[here.key] : here && { to: here.to, text: here.text }
  if (origin === undefined || from[page.key] !== undefined) return { here: next, from }
  const kept = Object.entries(from).slice(1 - REMEMBERED)
  return { here: next, from: { ...Object.fromEntries(kept), [page.key]: origin } }
}

function pathOf({ to }: Crumb): string {
  return to.split('?')[0] ?? ''
}
