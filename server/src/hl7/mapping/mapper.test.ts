import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { parseMessage } from '../message/parse-message.ts'
import { createMapper } from './mapper.ts'

const mapper = await createMapper(fileURLToPath(new URL('../../../../mappings/', import.meta.url)))
const header = (type: string) => `MSH|^~\\&|LAB|NORTH|||20260301101500||${type}|M1|P|2.5.1`
const map = (type: string, ...lines: readonly string[]) =>
  mapper.map(parseMessage([header(type), ...lines].join('\r')), 'default')

const PATIENT = 'PID|1||4711^^^HOSP^MR||Okoye^Ada'
const VISIT = `PV1|1|I|W1${'|'.repeat(16)}V77`

const own = (type: string, ...lines: readonly string[]) =>
  Object.fromEntries(map(type, ...lines).images.map((image) => [image.key, image.own]))
const encounter = (type: string) =>
  map(type, 'EVN|A08', PATIENT, VISIT).images.find(({ key }) => key === 'encounter')
const aliases = (...lines: readonly string[]) => map('ORU^R01', ...lines).images.map((image) => image.aliases)

it('lets admissions update the patient and results only create it', () => {
  expect(own('ADT^A01', 'EVN|A01', PATIENT, VISIT)).toMatchObject({
    patient: 'update',
    encounter: 'update',
    ward: 'create',
  })
  expect(own('ORU^R01', PATIENT, VISIT, 'OBR|1|P1|F1|X', 'OBX|1|ST|A||x||||||F')).toMatchObject({
    patient: 'create',
    encounter: 'create',
    order: 'link',
    report: 'update',
    observation: 'update',
  })
})

it('marks a status that the event does not say as counting for a new visit only', () => {
  expect(encounter('ADT^A08')).toMatchObject({ initial: ['status'], resource: { status: 'in-progress' } })
  expect(encounter('ADT^A01')?.initial).toBeUndefined()
  expect(encounter('ADT^A31')).toBeUndefined()
})

it('tells what the sender deletes from what was not sent', () => {
  const [patient] = map('ADT^A08', 'EVN|A08', 'PID|1||4711||Okoye||""|""|||""').images
  expect(patient?.cleared).toEqual(['birthDate', 'gender', 'address'])
  expect(map('ADT^A08', 'EVN|A08', 'PID|1||4711||Okoye').images[0]?.cleared).toBeUndefined()
})

it('gives the partition by the identities of the patient and the time of the event', () => {
  const mapped = map('ADT^A01', 'EVN|A01|20260301101400+0200', 'PID|1||4711^^^HOSP^MR~9^^^HOSP^PI')
  expect(mapped.partitions).toEqual([
    'Patient|urn%3Amogran%3Aassigner%3AHOSP|4711',
    'Patient|urn%3Amogran%3Aassigner%3AHOSP|9',
  ])
  expect(mapped.eventTime).toBe(Date.parse('2026-03-01T08:14:00Z'))
  expect(map('ADT^A01', 'EVN|A01', PATIENT).eventTime).toBe(Date.parse('2026-03-01T10:15:00Z'))
})

it('gives the same result the same identity when only the header changes', () => {
  const lines = [PATIENT, 'OBR|1||F1|X^Panel', 'OBX|1|NM|A^Test||1||||||F', 'OBX|2|NM|A^Test||2||||||F']
  expect(aliases(...lines)).toEqual(aliases(...lines.map((line) => line.replace('OBX|2', 'OBX|7'))))
  expect(
    new Set(
      aliases(...lines)
        .flat()
        .map(({ value }) => value),
    ).size,
  ).toBe(6)
})

it('refers to an order by its number and by number and service, so that the one of its service is found', () => {
  const { images } = map('ORU^R01', PATIENT, 'OBR|1|P1|F1|X', 'OBR|2|P1|F2|Y')
  const orders = images.filter(({ type }) => type === 'ServiceRequest')
  for (const order of orders) {
    expect(order.aliases).toMatchObject([order.item?.alias, { value: 'P1' }])
    expect(order.item).toBeDefined()
  }
  expect(
    images.filter(({ key }) => key.startsWith('report')).map(({ resource }) => resource['basedOn']),
  ).toEqual([[{ reference: '#image:order' }], [{ reference: '#image:order/2' }]])
})

it('leaves out a visit without number and says so', () => {
  const { images, warnings } = map('ADT^A01', 'EVN|A01', PATIENT, 'PV1|1|I')
  expect(images.map(({ key }) => key)).toEqual(['patient'])
  expect(warnings).toEqual([{ kind: 'no-identity', at: 'PV1', text: expect.stringContaining('encounter') }])
})

it('reports fields, segments and codes without rules, each with its position', () => {
  const { warnings } = map('ADT^A31', 'EVN|A31', `${PATIENT}||19870402|X${'|'.repeat(29)}strain`, 'ZBE|1')
  expect(warnings.map(({ kind, at }) => `${kind} ${at}`)).toEqual([
    'unmapped-code PID-8',
    'unmapped-field PID-37',
    'unmapped-field ZBE',
  ])
})

it.each([
  ['a type without rules', 'ADT^A99', [PATIENT], 'unsupported', 'MSH-9.2'],
  ['a patient without identity', 'ADT^A01', ['PID|1||||Okoye'], 'unprocessable', 'PID-3'],
  [
    'a report status without meaning',
    'ORU^R01',
    [PATIENT, `OBR|1||F1|X${'|'.repeat(21)}Y`],
    'unprocessable',
    'OBR-25',
  ],
])('refuses %s and says where', (...[, type, lines, kind, at]) => {
  expect(() => map(type, ...lines)).toThrow(
    expect.objectContaining({ kind, issues: [expect.objectContaining({ at })] }),
  )
})

it('knows before mapping whether there are rules for a message', () => {
  expect(mapper.accepts(parseMessage(header('ADT^A01')))).toBe(true)
  expect(mapper.accepts(parseMessage(header('ADT^A99')))).toBe(false)
})

it.each([
  ['RGV^O15', 'dose', 'RXG|1||^^^20260301|D^Drug|1||mg'],
  ['RAS^O17', 'administration', 'RXA|0|1|20260301120000|20260301120000|D^Drug|1|mg'],
  ['RDS^O13', 'dispense', 'RXD|1|D^Drug|20260301|1'],
])('tells apart what orders of one number, but of two systems, have led to: %s', (type, key, segment) => {
  const of = (system: string) =>
    map(type, PATIENT, `ORC|RE|7^${system}`, segment).images.find((image) => image.key === key)?.aliases[0]
      ?.value
  expect(of('WARD')).toBeDefined()
  expect(of('WARD')).not.toBe(of('CLINIC'))
})

it('takes nobody back to a bed whose update says when the visit ended', () => {
  const ended = `PV1|1|I|W1^05^A${'|'.repeat(16)}V77${'|'.repeat(26)}20260305`
  const visit = map('ADT^A08', 'EVN|A08', PATIENT, ended).images.find(({ key }) => key === 'encounter')
  expect(visit).toMatchObject({
    initial: ['status'],
    resource: { status: 'finished', period: { end: '2026-03-05' }, location: [{ status: 'completed' }] },
  })
})

it.each(['ADT^A11', 'ADT^A23'])('leaves no bed taken by a visit that is called off: %s', (type) => {
  const visit = map(type, 'EVN', PATIENT, VISIT).images.find(({ key }) => key === 'encounter')
  expect(visit).toMatchObject({ resource: { location: [{ status: 'completed' }] } })
})
