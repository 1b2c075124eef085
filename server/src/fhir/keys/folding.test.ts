import { describe, expect, it } from 'vitest'

import { foldText, laterParts } from './folding.ts'

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
    ['Jean-Luc', 'Jeanluc'],
    ["O'Brien", 'OBrien'],
    ['O`Brien', 'OBrien'],
    ['St. John, (the) “elder”', 'st john the elder'],
    ['د. أحمد؟', 'د أحمد'],
    ['a - b', 'a b'],
    ['a\u200Cb\u00ADc', 'abc'],
    [' a \u00A0\t b ', 'a b'],
  ])('are the same for %s and %s', (one, other) => {
    expect(foldText(one)).toBe(foldText(other))
  })

  it.each([
    ['राम', 'रमा'],
    ['か', 'が'],
    ['กำ', 'กา'],
    ['Jean Luc', 'Jeanluc'],
    ['1.5', '1,6'],
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

  it('keep punctuation where there is nothing else', () => {
    expect([foldText('--'), foldText(' ? '), foldText('')]).toEqual(['--', '?', ''])
  })
})

describe('family names', () => {
  it.each([
    ['Carreno Quinones', ['quinones']],
    ['Abd al-Rahman', ['alrahman', 'rahman']],
    ['Smith-Jones', ['jones']],
    ['Smith -', []],
    ['O’Brien', []],
    ['آل سعود', ['سعود']],
  ])('have later parts: %s', (text, parts) => {
    expect(laterParts(text)).toEqual(parts)
  })
})
