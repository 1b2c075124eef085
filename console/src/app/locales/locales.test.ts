import { expect, it } from 'vitest'

import ar from './ar.json'
import en from './en.json'
import fr from './fr.json'

const holes = (text: string) => new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name))
const english: Readonly<Record<string, string>> = en

it.each([
  ['fr', fr],
  ['ar', ar],
])(
  '%s says everything that English says, with the same values in it',
  (_language, texts: Readonly<Record<string, string>>) => {
    expect(new Set(Object.keys(texts))).toEqual(new Set(Object.keys(english)))
    const wrong = Object.entries(texts).filter(
      ([key, text]) =>
        text.trim() === '' || holes(text).symmetricDifference(holes(english[key] ?? '')).size > 0,
    )
    expect(wrong).toEqual([])
  },
)

it('writes Arabic with Latin digits, as clinical values are', () => {
  expect(Object.values(ar).filter((text) => /[٠-٩۰-۹]/.test(text))).toEqual([])
})
