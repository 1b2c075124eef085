import { expect, it } from 'vitest'

import { readHeader } from '../mllp/header.ts'
import { fingerprint } from './duplicates.ts'

function keyOf(text: string, name = 'ward', reusedIds: 'take' | 'reject' = 'take'): string {
  const bytes = Buffer.from(text)
  const header = readHeader(bytes)
  if (!header) throw new Error('no header')
  return fingerprint({ name, reusedIds }, bytes, header).key
}

const MESSAGE = 'MSH|^~\\&|A|B|C|D|20260101||ADT^A01|7|P|2.5\rPID|1||4711'

it('knows a message again when only its MSH-7 is new', () => {
  expect(keyOf(MESSAGE.replace('20260101', '20270202101500'))).toBe(keyOf(MESSAGE))
  expect(keyOf(MESSAGE.replace('20260101', ''))).toBe(keyOf(MESSAGE))
})

it('takes another content, sender, control id or feed for another message', () => {
  const others = [
    MESSAGE.replace('4711', '4712'),
    MESSAGE.replace('|A|', '|Z|'),
    MESSAGE.replace('|7|', '|8|'),
  ]
  const keys = [...others.map((text) => keyOf(text)), keyOf(MESSAGE, 'lab'), keyOf(MESSAGE)]
  expect(new Set(keys).size).toBe(5)
})

it('finds a control id again with any content where a feed takes each one once', () => {
  const other = MESSAGE.replace('4711', '4712')
  expect(keyOf(other, 'ward', 'reject')).toBe(keyOf(MESSAGE, 'ward', 'reject'))
  expect(keyOf(MESSAGE.replace('|7|', '|8|'), 'ward', 'reject')).not.toBe(keyOf(MESSAGE, 'ward', 'reject'))
})
