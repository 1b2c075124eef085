import { createInstance } from 'i18next'
import type { FormatterModule } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { z } from 'zod'

import { getAsset } from '../api/transport.ts'
import { figure } from '../ui/figure.ts'
import ar from './locales/ar.json?url'
import en from './locales/en.json'
import fr from './locales/fr.json?url'
import { preferredLanguage, usePreferences } from './preferences.ts'
import type { Language } from './preferences.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    readonly defaultNS: 'texts'
    readonly keySeparator: false
    readonly nsSeparator: false
    readonly resources: { readonly texts: typeof en }
  }
}

/** English is part of the program, so that there is always a text; the others are fetched when they are chosen. */
const FILES: Readonly<Record<Exclude<Language, 'en'>, string>> = { ar, fr }
const Texts = z.record(z.string(), z.string())
const texts = createInstance()

export async function startLanguage(): Promise<void> {
  await texts
    .use(initReactI18next)
    .use(FIGURES)
    .init({
      lng: 'en',
      fallbackLng: 'en',
      defaultNS: 'texts',
      ns: ['texts'],
      resources: { en: { texts: en } },
      keySeparator: false,
      nsSeparator: false,
      interpolation: { escapeValue: false, alwaysFormat: true },
    })
  await speak(preferredLanguage())
}

/** Counts within texts are written as the language has them. */
const FIGURES: FormatterModule = {
  type: 'formatter',
  init: () => undefined,
  add: () => undefined,
  addCached: () => undefined,
  format: (value: unknown, _format, language = 'en') =>
    typeof value === 'number' ? figure(value, language) : String(value),
}

/** Changes the language of the console at once and for the next visit. */
export async function choose(language: Language): Promise<void> {
  await speak(language)
  usePreferences.setState({ language })
}

async function speak(language: Language): Promise<void> {
  if (language !== 'en' && !texts.hasResourceBundle(language, 'texts')) {
    texts.addResourceBundle(language, 'texts', await getAsset(Texts, FILES[language]))
  }
  await texts.changeLanguage(language)
}
