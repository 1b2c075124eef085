import { expect, it } from 'vitest'

import { httpText, isoText, putIsoText } from './instant-text.ts'

const INSTANTS = [
  0,
  1,
  -1,
  Date.UTC(1969, 11, 31, 23, 59, 59, 999),
  Date.UTC(2000, 1, 29, 12, 0, 0, 50),
  Date.UTC(2026, 2, 4, 5, 6, 7, 89),
  Date.UTC(2026, 11, 31, 23, 59, 59, 999),
  Date.UTC(9999, 11, 31, 23, 59, 59, 999),
  -62_135_596_800_000,
  253_402_300_800_000,
]

it('writes an instant as Date does, day after day and back again', () => {
  for (const first of INSTANTS) {
    for (const day of [0, 64, 1, -64, 0]) {
      const instant = first + day * 86_400_000
      const date = new Date(instant)
      expect(isoText(instant)).toBe(date.toISOString())
      expect(httpText(instant)).toBe(date.toUTCString())
      const bytes = Buffer.alloc(40, '.')
      expect(bytes.toString('latin1', 3, putIsoText(bytes, 3, instant))).toBe(date.toISOString())
    }
  }
})
