import { useSyncExternalStore } from 'react'
import { create } from 'zustand'
import { persist } from 'zustand/middleware'

import type { Scheme } from './tokens.ts'

export const THEMES = ['system', 'light', 'dark', 'contrast'] as const satisfies readonly (
  | Scheme
  | 'system'
)[]
export type ThemeChoice = (typeof THEMES)[number]

export const LANGUAGES = ['en', 'fr', 'ar'] as const
export type Language = (typeof LANGUAGES)[number]

/** Each language by its own name: whoever cannot read the page still finds it. */
export const OWN_NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  fr: 'Français',
  ar: 'العربية',
}

interface Preferences {
  readonly theme: ThemeChoice
  readonly language: Language | undefined
  /** Shortcuts of one bare key can be switched off (WCAG 2.1.4). */
  readonly bareKeys: boolean
  readonly wideRail: boolean
}

/** What the user set on this machine; nothing of it is clinical. */
export const usePreferences = create<Preferences>()(
  persist<Preferences>(() => ({ theme: 'system', language: undefined, bareKeys: true, wideRail: true }), {
    name: 'mogran.preferences',
  }),
)

/** The language that was chosen, else the browser's where the console speaks it, else English. */
export function preferredLanguage(): Language {
  const chosen = usePreferences.getState().language
  if (chosen) return chosen
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2))
  return LANGUAGES.find((language) => language === spoken.find(isLanguage)) ?? 'en'
}

const darkQuery = '(prefers-color-scheme: dark)'

export function useSystemDark(): boolean {
  return useSyncExternalStore(watchSystem, () => matchMedia(darkQuery).matches)
}

function watchSystem(changed: () => void): () => void {
  const query = matchMedia(darkQuery)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}

function isLanguage(tag: string): tag is Language {
  return LANGUAGES.some((language) => language === tag)
}
