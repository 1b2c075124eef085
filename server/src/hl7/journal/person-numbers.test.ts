import { expect, it } from 'vitest'

import { readHeader } from '../mllp/header.ts'
import { personNumbers } from './person-numbers.ts'

function numbersOf(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  return personNumbers(bytes, readHeader(bytes))
}

const MSH = 'MSH|^~\\&|LAB|KTH|HUB|KTH|20260101||ADT^A40|1|P|2.5.1'

it('takes every repetition of PID-2 to PID-4 and MRG-1, each once', () => {
  const pid = 'PID|1|EXT|M1^^^KTH^MR~N2^^^SDN^NI|ALT~M1||Osman^Amna'
  expect(numbersOf(`${MSH}\rEVN||2026\r${pid}\rMRG|OLD^^^KTH^MR\r`)).toEqual([
    'EXT',
    'M1',
    'N2',
    'ALT',
    'OLD',
  ])
})

it('takes the persons of all groups, with the delimiters of the message and any end of a segment', () => {
  const text = 'MSH#*+\\&#LAB#KTH#HUB#KTH#20260101##ORU*R01#1#P#2.5.1\r\nPID###M1*3+M2\r\nOBX#1\r\nPID###M3'
  expect(numbersOf(text)).toEqual(['M1', 'M2', 'M3'])
  expect(numbersOf(`${MSH}\nPID|||M4`)).toEqual(['M4'])
})

it('passes over what names nobody and what is no number', () => {
  expect(numbersOf(`${MSH}\rPID|1||""^^^KTH~ ~${'9'.repeat(200)}\rNTE|1||PID|||X\rPIDX|||Y`)).toEqual([])
  expect(numbersOf(MSH)).toEqual([])
})

it('stays small with a message of very many persons', () => {
  const pids = Array.from({ length: 500 }, (_, at) => `PID|||M${at}`)
  expect(numbersOf([MSH, ...pids].join('\r'))).toHaveLength(20)
})

it('reads segments behind line feeds, also where one carriage return stands behind them', () => {
  expect(numbersOf('MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\nPID|1||4711^^^N^MR\nPV1|1|I\r')).toEqual([
    '4711',
  ])
})
