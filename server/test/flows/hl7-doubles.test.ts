import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, type Engine } from './interface-engine.ts'
import { after as afterMessages, items, textOf } from './order-day.ts'
import type { Message } from './order-day.ts'

const PATIENT = 'PID|1||M1^^^NORTH^MR||Salih^Nadia||19870402|F'
const visit = (number: string, place = 'W1^05^A') => `PV1|1|I|${place}${'|'.repeat(16)}${number}^^^NORTH^VN`

/** The message with its PID: all are about the same patient. */
function ofPatient([event, ...segments]: Message): Message {
  return [event, PATIENT, ...segments]
}

const after = async (...messages: readonly Message[]) => afterMessages(...messages.map(ofPatient))

const PENICILLIN = 'AL1|1|DA|PEN^Penicillin^L|SV|Rash'
const iam = (action: string, number: string, code = 'PEN^Penicillin^L') =>
  `IAM|1|DA|${code}|SV|Rash|${action}|${number}`

interface Allergy {
  readonly clinicalStatus?: { readonly coding: readonly { readonly code: string }[] }
  readonly verificationStatus?: { readonly coding: readonly { readonly code: string }[] }
}

async function allergies(engine: Engine): Promise<readonly string[]> {
  const found = (await engine.all('AllergyIntolerance')) as readonly (JsonObject & Allergy)[]
  return found.map(({ clinicalStatus, verificationStatus }) =>
    [clinicalStatus, verificationStatus].map((one) => one?.coding[0]?.code ?? '-').join(' '),
  )
}

it('deletes by its number an allergy that AL1 told without one', async () => {
  const engine = await after(['ADT^A01', visit('V1'), PENICILLIN], ['ADT^A60', iam('D', 'A1^HUB')])
  expect(await allergies(engine)).toEqual(['- entered-in-error'])
  expect(await items(engine)).toEqual([])
})

it('knows an allergy with a number as the one that AL1 tells, also when it comes again', async () => {
  const engine = await after(
    ['ADT^A60', iam('A', 'A1^HUB')],
    ['ADT^A08', visit('V1'), PENICILLIN],
    ['ADT^A60', iam('D', 'A1^HUB')],
    ['ADT^A08', visit('V1'), PENICILLIN],
  )
  expect(await allergies(engine)).toEqual(['active -'])
})

it('tells somebody when an allergy is deleted that is not known, or of which there are several', async () => {
  const unknown = await after(
    ['ADT^A01', visit('V1'), PENICILLIN],
    ['ADT^A60', iam('D', 'A2^HUB', 'NUT^Nuts^L')],
  )
  expect((await allergies(unknown)).toSorted()).toEqual(['- entered-in-error', 'active -'])
  expect(await items(unknown)).toMatchObject([{ incoming: expect.stringContaining('A2'), why: 'unknown' }])

  const several = await after(
    ['ADT^A60', iam('A', 'A1^HUB'), iam('A', 'A2^HUB').replace('IAM|1', 'IAM|2')],
    ['ADT^A60', iam('D', 'A3^HUB')],
  )
  expect((await allergies(several)).toSorted()).toEqual(['- entered-in-error', 'active -', 'active -'])
  expect(await items(several)).toMatchObject([{ kind: 'identity', incoming: expect.stringContaining('A3') }])
})

const charge = (set = '1', type = 'CG', more = '') => `FT1|${set}|||20260301||${type}|1001^Visit^L${more}`

it('keeps a charge without a number that comes again, and asks a person', async () => {
  const message: Message = ['DFT^P03', visit('V1'), charge(), charge('2')]
  const engine = await after(message, message, [
    'DFT^P03',
    visit('V1'),
    'FT1|1|T1||20260302||CG|1001^Visit^L',
  ])
  const charges = await engine.all('ChargeItem')
  expect(charges).toHaveLength(5)
  const asked = await items(engine)
  expect(asked).toHaveLength(2)
  const made = charges.map(({ id }) => `ChargeItem/${id as string}`)
  for (const item of asked) {
    expect(item).toMatchObject({ kind: 'identity', element: 'identifier', why: 'alike' })
    expect(made.slice(2, 4)).toContain(item['reference'])
  }
})

it('takes a charge without a number back, and makes nothing of the same message again', async () => {
  const engine = await after(['DFT^P03', visit('V1'), charge()], ['DFT^P03', visit('V1'), charge('1', 'CD')])
  expect(await engine.all('ChargeItem')).toMatchObject([{ status: 'aborted' }])
  expect(await items(engine)).toEqual([])

  const again = await after(['DFT^P03', visit('V1'), charge()])
  const sender = new Sender(again.port)
  // The same message with another time of sending is no exact double.
  const late = textOf(ofPatient(['DFT^P03', visit('V1'), charge()]), 0).replace(
    '|20260301080010||DFT',
    '|20260301080110||DFT',
  )
  expect(await sender.send(late)).toContain('MSA|AA')
  expect(await again.all('ChargeItem')).toHaveLength(1)
})

const diagnosis = (code: string) => `DG1|1||${code}^${code}^I10||202603010800|A`
const codeOf = ({ code }: JsonObject) => (code as { coding: { code: string }[] }).coding[0]?.code

it('gives each of two visits in a message what stands behind it', async () => {
  const engine = await after([
    'ADT^A01',
    visit('V1'),
    'PV2|||R1^One^L',
    diagnosis('I10'),
    visit('V2', 'W2^01^B'),
    'PV2|||R2^Two^L',
    diagnosis('J45'),
    diagnosis('E11').replace('DG1|1', 'DG1|2'),
  ])
  const conditions = await engine.all('Condition')
  const codes = new Map(conditions.map((one) => [`Condition/${one['id'] as string}`, codeOf(one)]))
  const visits = (await engine.all('Encounter')).map(({ id, reasonCode, diagnosis: told }) => [
    (reasonCode as { coding: { code: string }[] }[]).map(({ coding }) => coding[0]?.code),
    (told as { condition: { reference: string } }[]).map(({ condition }) => codes.get(condition.reference)),
    conditions
      .filter(({ encounter }) => (encounter as JsonObject)['reference'] === `Encounter/${id as string}`)
      .map(codeOf),
  ])
  expect(visits).toEqual([
    [['R1'], ['I10'], ['I10']],
    [['R2'], ['J45', 'E11'], ['J45', 'E11']],
  ])
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 1 })
  const repeated = ['DG1[1]', 'DG1[2]', 'DG1[3]'].map((at) => ({ kind: 'repeated', at }))
  const { warnings } = (line?.value ?? {}) as { readonly warnings?: readonly { readonly kind: string }[] }
  expect(warnings?.filter(({ kind }) => kind === 'repeated')).toMatchObject(repeated)
})
