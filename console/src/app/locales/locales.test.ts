import { expect, it } from 'vitest'

import ar from './ar.json'
import en from './en.json'
import fr from './fr.json'

const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).toSorted()
const english: Readonly<Record<string, string>> = en

it.each([
  ['fr', fr],
  ['ar', ar],
])(
  '%s says everything that English says, with the same values in it',
  (_language, texts: Readonly<Record<string, string>>) => {
    expect(Object.keys(texts).toSorted()).toEqual(Object.keys(english).toSorted())
    for (const [key, text] of Object.entries(texts)) {
      expect(text.trim(), key).not.toBe('')
      expect(holes(text), key).toEqual(holes(english[key] ?? ''))
    }
  },
)

it('writes Arabic with Latin digits, as clinical values are', () => {
  expect(Object.values(ar).filter((text) => /[٠-٩۰-۹]/.test(text))).toEqual([])
})
