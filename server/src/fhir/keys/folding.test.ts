import { describe, expect, it } from 'vitest'

import { foldText } from './folding.ts'

describe('folded texts', () => {
  it.each([
    ['Müller', 'MU\u0308LLER'],
    ['Straße', 'STRASSE'],
    ['Łukasz', 'Lukasz'],
    ['Øystein', 'Oystein'],
    ['Đặng', 'Dang'],
    ['Æneas', 'Aeneas'],
    ['ıstanbul', 'İSTANBUL'],
    ['ΣΊΣΥΦΟΣ', 'Σίσυφος'],
    ['Ёлкин', 'ЕЛКИН'],
    ['مُحَمَّد', 'محمد'],
    ['محـــمد', 'محمد'],
    ['ﻣﺤﻤﺪ', 'محمد'],
    ['أحمد', 'احمد'],
    ['שָׁלוֹם', 'שלום'],
    ['ﾊﾟﾌｪ', 'パフェ'],
    ['か\u3099', 'が'],
    ['ＡＢＣ', 'abc'],
    ['ﬁn', 'FIN'],
    ['O’Brien', "O'Brien"],
    ['O´Brien', "O'Brien"],
    ['Jean‑Luc', 'Jean-Luc'],
    ['a\u200Cb\u00ADc', 'abc'],
    [' a \u00A0\t b ', 'a b'],
  ])('are the same for %s and %s', (one, other) => {
    expect(foldText(one)).toBe(foldText(other))
  })

  it.each([
    ['राम', 'रमा'],
    ['か', 'が'],
    ['กำ', 'กา'],
    ['Jean-Luc', 'Jeanluc'],
    ['دار', 'در'],
  ])('differ for %s and %s', (one, other) => {
    expect(foldText(one)).not.toBe(foldText(other))
  })

  it.each(['Straße', 'ΣΊΣΥΦΟΣ', 'ﬁn', 'Œuvre', 'मुंबई', '한글', 'Ǆ', '№ 5', 'ŉ', 'ᾳ'])(
    'stay as they are when they are folded again: %s',
    (text) => {
      const folded = foldText(text)
      expect(foldText(folded)).toBe(folded)
    },
  )
})
