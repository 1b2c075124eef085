import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { createMapper } from '../mapping/mapper.ts'
import type { Message } from '../message/message.ts'
import { parseMessage } from '../message/parse-message.ts'
import { checkProfile, Profile } from './conformance.ts'
import { codedFields, ProfileProposal } from './learn.ts'

const mapper = await createMapper(fileURLToPath(new URL('../../../../mappings/', import.meta.url)))
const coded = codedFields(mapper.filesOf('default'))

interface Parts {
  readonly mrn?: string
  readonly sex?: string
  readonly version?: string
  readonly more?: readonly string[]
}

function admit({ mrn = '1', sex = 'F', version = '2.5.1', more = [] }: Parts): Message {
  return parseMessage(
    [
      `MSH|^~\\&|ADT|EAST|||20260301101500||ADT^A01|M${mrn}|P|${version}`,
      'EVN||20260301101500',
      `PID|1||${mrn}^^^HOSP^MR||Okoye^Ada||19870402|${sex}`,
      'PV1|1|I|W1',
      ...more,
    ].join('\r'),
  )
}

/** As it would be read from a feed file. */
function learn(messages: readonly Message[]): Profile {
  const proposal = new ProfileProposal(coded)
  for (const message of messages) proposal.note(message)
  return Profile.parse(proposal.finish())
}

it('knows the fields that rules read by a code table, and no others', () => {
  const some = ['PID-8', 'PID-16', 'PV1-2', 'OBX-8', 'OBX-11', 'OBR-25', 'ORC-1', 'AL1-2']
  expect(some.filter((position) => !coded.has(position))).toEqual([])
  expect(
    ['PID-3', 'PID-5', 'PID-7', 'OBX-1', 'OBX-5', 'OBX-14', 'PV1-3'].filter((one) => coded.has(one)),
  ).toEqual([])
})

it('requires what was always there, and lists the codes of coded fields', () => {
  const messages = Array.from({ length: 40 }, (_, at) => admit({ mrn: `${at}`, sex: at % 2 ? 'F' : 'M' }))
  const profile = learn(messages)
  expect(profile['ADT^A01']).toMatchObject({
    segments: ['MSH', 'EVN', 'PID', 'PV1'],
    fields: { 'PID-3': { required: true }, 'PID-8': { required: true, length: 2, codes: ['F', 'M'] } },
  })
  expect(messages.flatMap((message) => checkProfile(profile, message))).toEqual([])
})

it('refuses neither the next patient nor the next day of a feed with few patients', () => {
  const profile = learn(Array.from({ length: 60 }, (_, at) => admit({ mrn: String(at % 3) })))
  const next = admit({ mrn: '7' }).text.replace('Okoye^Ada||19870402', 'Roe^Kim||19910101')
  expect(checkProfile(profile, parseMessage(next))).toEqual([])
})

it('proposes what a feed file can say, also of senders with odd segments and two versions', () => {
  const odd = ['zzz|1', `ZBC|${'|'.repeat(1500)}x`, 'NTE|1||a']
  const early = parseMessage(admit({ version: '2.1' }).text.replace('ADT^A01', 'ADT'))
  const messages = [admit({ version: '2.3' }), admit({ mrn: '2', more: odd }), early]
  const profile = learn(messages)
  expect(profile['ADT^A01']?.segments).toEqual(['MSH', 'EVN', 'PID', 'PV1'])
  expect(Object.keys(profile['ADT^A01']?.fields ?? {})).toContain('NTE-3')
  expect(messages.flatMap((message) => checkProfile(profile, message))).toEqual([])
})
