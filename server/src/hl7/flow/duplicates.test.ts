import { expect, it } from 'vitest'

import { readHeader } from '../mllp/header.ts'
import { fingerprint } from './duplicates.ts'

function keyOf(text: string, feed = 'ward'): string {
  const bytes = Buffer.from(text)
  const header = readHeader(bytes)
  if (!header) throw new Error('no header')
  return fingerprint(feed, bytes, header).key
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
