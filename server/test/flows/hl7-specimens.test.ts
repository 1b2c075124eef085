import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import type { Engine } from './interface-engine.ts'
import { after, items } from './order-day.ts'
import type { Message } from './order-day.ts'

const ADA = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F'
const BLOOD = 'SPM|1|^S1&L||BLD^Blood^HL70487'
const URINE = 'SPM|1|^S2&L||UR^Urine^HL70487'
const service = (status = 'F') => `OBR|1|P1^C|F1^L|GLU^GLU^L${'|'.repeat(21)}${status}`
const value = (text: string, status = 'F') => `OBX|1|NM|GLU^Glucose^L||${text}|mmol/L|||||${status}`
const result = (text: string, status = 'F') => [service(status), value(text, status)]

/** The values of each report, by what they are of. */
async function values(engine: Engine): Promise<readonly string[]> {
  const kinds = new Map(
    (await engine.all('Specimen')).map(({ id, type }) => [id, (type as JsonObject)['text']]),
  )
  const all = new Map(
    (await engine.all('Observation')).map((one) => [`Observation/${one['id'] as string}`, one]),
  )
  const reports = await engine.all('DiagnosticReport')
  return reports
    .map(({ specimen = [], result: results = [] }) => {
      const of = (specimen as readonly JsonObject[]).map(({ reference }) =>
        kinds.get((reference as string).slice('Specimen/'.length)),
      )
      const are = (results as readonly JsonObject[]).map(
        ({ reference }) => ((all.get(reference as string) ?? {})['valueQuantity'] as JsonObject)['value'],
      )
      return [of, are].map(String).join(': ')
    })
    .toSorted()
}

async function typesOfItems(engine: Engine): Promise<readonly unknown[]> {
  return (await items(engine)).map((item) => (item['reference'] as string).split('/')[0])
}

const unnamed = (specimen: string) => specimen.replace(/\^S\d&L/, '')
const placed = (specimen: string) => specimen.replace('|^S', '|C1&W^S')
const shared = (specimen: string) => specimen.replace(/\^S\d&L/, 'C1&W')

it.each<[string, Message, Message]>([
  [
    'OUL^R22',
    ['OUL^R22', ADA, BLOOD, ...result('4.2'), URINE, ...result('9.9')],
    ['OUL^R22', ADA, URINE, ...result('8.8', 'C')],
  ],
  [
    'OUL^R22 of specimens without numbers',
    ['OUL^R22', ADA, unnamed(BLOOD), ...result('4.2'), unnamed(URINE), ...result('9.9')],
    ['OUL^R22', ADA, unnamed(URINE), ...result('8.8', 'C')],
  ],
  [
    'OUL^R22 of specimens that have one number of their placer',
    ['OUL^R22', ADA, placed(BLOOD), ...result('4.2'), placed(URINE), ...result('9.9')],
    ['OUL^R22', ADA, placed(URINE), ...result('8.8', 'C')],
  ],
  [
    'ORU^R01 of specimens that have one number',
    ['ORU^R01', ADA, ...result('4.2'), shared(BLOOD), ...result('9.9'), shared(URINE)],
    ['ORU^R01', ADA, ...result('8.8', 'C'), shared(URINE)],
  ],
  [
    'OUL^R23',
    ['OUL^R23', ADA, BLOOD, 'SAC|||C1', ...result('4.2'), URINE, 'SAC|||C2', ...result('9.9')],
    ['OUL^R23', ADA, URINE, 'SAC|||C2', ...result('8.8', 'C')],
  ],
  [
    'OUL^R24',
    ['OUL^R24', ADA, service(), BLOOD, value('4.2'), service(), URINE, value('9.9')],
    ['OUL^R24', ADA, service('C'), URINE, value('8.8', 'C')],
  ],
  [
    'ORU^R01',
    ['ORU^R01', ADA, ...result('4.2'), BLOOD, ...result('9.9'), URINE],
    ['ORU^R01', ADA, ...result('8.8', 'C'), URINE],
  ],
])('corrects by %s the result of the specimen that it names', async (_, both, correction) => {
  const engine = await after(both, both, correction)
  expect(await values(engine)).toEqual(['Blood: 4.2', 'Urine: 8.8'])
  expect(await typesOfItems(engine)).toEqual([])
})

it('keeps specimens of one filler number apart that come one by one, and says so once', async () => {
  const engine = await after(
    ['OUL^R22', ADA, BLOOD, ...result('4.2')],
    ['OUL^R22', ADA, URINE, ...result('9.9')],
    ['OUL^R22', ADA, BLOOD, ...result('4.3', 'C')],
    ['OUL^R22', ADA, URINE, ...result('9.8', 'C')],
  )
  expect(await values(engine)).toEqual(['Blood: 4.3', 'Urine: 9.8'])
  expect(await typesOfItems(engine)).toEqual(['DiagnosticReport'])
})

it('changes none of two specimens by a result that names neither, and says so', async () => {
  const engine = await after(
    ['OUL^R22', ADA, BLOOD, ...result('4.2'), URINE, ...result('9.9')],
    ['ORU^R01', ADA, ...result('7.7', 'C')],
    ['ORU^R01', ADA, ...result('7.8', 'C')],
  )
  expect(await values(engine)).toEqual([': 7.8', 'Blood: 4.2', 'Urine: 9.9'])
  expect(await typesOfItems(engine)).toEqual(['DiagnosticReport'])
})

it('takes a specimen that comes later, or not again, for that of the result', async () => {
  const engine = await after(
    ['ORU^R01', ADA, ...result('4.1', 'P')],
    ['OUL^R22', ADA, BLOOD, ...result('4.2')],
    ['ORU^R01', ADA, ...result('4.3', 'C')],
  )
  expect(await values(engine)).toEqual(['Blood: 4.3'])
  expect(await typesOfItems(engine)).toEqual([])
})

it('takes results whose names are long in another script, and finds them again', async () => {
  const name = 'تحليل وظائف الكلى الكامل مع الشوارد والبوتاسيوم'
  const report = (text: string, status: string): Message => [
    'ORU^R01',
    ADA,
    `OBR|1|P1^C|F1^L|^${name}^L${'|'.repeat(21)}${status}`,
    `OBX|1|NM|^${name}^L||${text}|mmol/L|||||${status}`,
  ]
  const engine = await after(report('4.2', 'F'), report('4.3', 'C'))
  expect(await values(engine)).toEqual([': 4.3'])
})

it.each([
  ['two of one type without numbers', ['SPM|1|||BLD^Blood^HL70487', 'SPM|2|||BLD^Blood^HL70487'], 1],
  ['two types without numbers', ['SPM|1|||BLD^Blood^HL70487', 'SPM|2|||UR^Urine^HL70487'], 0],
  ['two numbers of one type', [BLOOD, BLOOD.replace('SPM|1|^S1', 'SPM|2|^S3')], 0],
])('counts specimens that only their order tells apart: %s', async (_, specimens, count) => {
  const engine = await after(['OML^O21', ADA, 'ORC|NW|P1^C', 'OBR|1|||GLU^GLU^L', ...specimens])
  expect(await engine.all('Specimen')).toHaveLength(2)
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  const { warnings = [] } = (line?.value ?? {}) as {
    readonly warnings?: readonly { readonly text: string }[]
  }
  const told = warnings.filter(({ text }) => text.includes('by their order alone'))
  expect(told).toHaveLength(count)
})

it('keeps a specimen of one number whose type is told in other words, and one that is told without its type', async () => {
  const serum = 'SPM|1|C1&W||SER^Serum^HL70487'
  const engine = await after(
    ['OML^O21', ADA, 'ORC|NW|P1^C', 'OBR|1|P1^C||GLU^GLU^L', shared(BLOOD)],
    ['ORU^R01', ADA, ...result('4.2'), serum],
    ['ORU^R01', ADA, ...result('4.3'), 'SPM|1|C1&W'],
  )
  expect(await engine.all('Specimen')).toHaveLength(1)
  expect(await values(engine)).toEqual(['Serum: 4.3'])
  expect(await typesOfItems(engine)).toEqual([])
})

it('knows the specimens of one number that were ordered by their types', async () => {
  const engine = await after(
    ['OML^O21', ADA, 'ORC|NW|P1^C', 'OBR|1|P1^C||GLU^GLU^L', shared(BLOOD), shared(URINE)],
    ['ORU^R01', ADA, ...result('4.2'), placed(URINE)],
  )
  expect(await engine.all('Specimen')).toHaveLength(2)
  expect(await values(engine)).toEqual(['Urine: 4.2'])
  expect(await typesOfItems(engine)).toEqual([])
})

const container = (number: string, volume = '') => `SAC|||${number}${'|'.repeat(19)}${volume}`

it.each<[string, readonly string[], readonly (readonly [string, number?])[]]>([
  ['another one', [container('C4')], [['C4'], ['C1', 5], ['C2']]],
  ['one that is known', [container('C1', '3')], [['C1', 3], ['C2']]],
  ['none', [], [['C1', 5], ['C2']]],
])('keeps the containers of a specimen where a message tells of %s', async (_, told, containers) => {
  const engine = await after(
    ['OUL^R22', ADA, BLOOD, container('C1', '5'), container('C2'), ...result('4.2')],
    ['OUL^R22', ADA, BLOOD, ...told, ...result('4.2')],
  )
  const [specimen = {}] = await engine.all('Specimen')
  const found = (specimen['container'] as readonly JsonObject[]).map(({ identifier, specimenQuantity }) => {
    const [number] = (identifier as readonly JsonObject[]).map((one) => one['value'])
    return specimenQuantity === undefined ? [number] : [number, (specimenQuantity as JsonObject)['value']]
  })
  expect(found).toEqual(containers)
})
