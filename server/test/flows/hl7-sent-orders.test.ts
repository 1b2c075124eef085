import { expect, it } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { Sender, type Engine } from './interface-engine.ts'
import { after, items, textOf, type Message } from './order-day.ts'
import { ordersNamed } from './order-names.ts'

const ADA = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F'
const BEN = 'PID|1||M2^^^NORTH^MR||Haddad^Ben||19610915|M'
const [LAB, DRUG] = ['b7c1e2f0-5a4d-4f7e-9d57-0c8f6f2f9a11', 'b7c1e2f0-5a4d-4f7e-9d57-0c8f6f2f9a12']

/** An order for Ada that was made over FHIR: it is sent with its id as the number of its placer. */
async function made(engine: Engine, order: JsonObject): Promise<void> {
  const [ada] = await engine.all('Patient')
  const subject = { reference: `Patient/${ada?.['id'] as string}` }
  const resource = { status: 'active', intent: 'order', subject, ...order }
  const [type, id] = [order['resourceType'] as string, order['id'] as string]
  const drafts = [{ type, id, method: 'PUT' as const, resource }]
  const { outcome } = await engine.resources.transact(systemCaller('tests', 'system'), { drafts })
  expect(outcome).toBe('committed')
}

const GLU = { resourceType: 'ServiceRequest', id: LAB, code: { text: 'GLU' } }
const AMX = { resourceType: 'MedicationRequest', id: DRUG, medicationCodeableConcept: { text: 'AMX' } }

async function behind(order: JsonObject, ...messages: readonly Message[]): Promise<Engine> {
  const engine = await after(['ADT^A04', ADA], ['ADT^A04', BEN])
  await made(engine, order)
  const sender = new Sender(engine.port)
  for (const [at, message] of messages.entries())
    expect(await sender.send(textOf(message, at + 5))).toContain('MSA|AA')
  return engine
}

const report = (placer: string, patient = ADA): Message => [
  'ORU^R01',
  patient,
  `OBR|1|${placer}|F1|GLU^GLU^L${'|'.repeat(21)}F`,
  'OBX|1|NM|X^X^L||4.2|mmol/L|||||F',
]

it.each([
  ['', LAB],
  [' that says who gave it', `${LAB}^MOGRAN`],
])('finds by its id%s the order that a result answers', async (_, placer) => {
  const engine = await behind(GLU, report(placer))
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['GLU'])
  expect(await ordersNamed(engine, 'Observation')).toEqual(['GLU'])
  expect(await items(engine)).toEqual([])
})

it.each<[string, JsonObject, string, Message]>([
  [
    'dispense',
    AMX,
    'authorizingPrescription',
    ['RDS^O13', ADA, `ORC|RE|${DRUG}`, 'RXD|1|AMX^AMX^L|20260301090000|20|||RX9'],
  ],
  ['dose', AMX, 'request', ['RAS^O17', ADA, `ORC|RE|${DRUG}`, 'RXA|0|1|20260301090000||AMX^AMX^L|500|mg']],
])('finds by its id the order that a %s is of', async (...cases) => {
  const [, order, element, message] = cases
  const engine = await behind(order, message)
  const types = [
    ...(await ordersNamed(engine, 'MedicationDispense', element)),
    ...(await ordersNamed(engine, 'MedicationAdministration', element)),
  ]
  expect(types).toEqual(['AMX'])
})

it('is about the order itself when its filler says what became of it, and knows it by that number, too', async () => {
  const completed: Message = ['ORM^O01', ADA, `ORC|SC|${LAB}|F1||CM`, `OBR|1|${LAB}|F1|GLU^GLU^L`]
  const unnumbered: Message = ['ORU^R01', ADA, `OBR|1||F1|GLU^GLU^L${'|'.repeat(21)}F`]
  const engine = await behind(GLU, completed, unnumbered)
  expect((await engine.all('ServiceRequest')).map(({ id }) => id)).toEqual([LAB])
  expect(await items(engine)).toEqual([])
  expect(await ordersNamed(engine, 'DiagnosticReport')).toEqual(['GLU'])
})

it('leaves a result of another patient, or of an order that has a number of its own, at the number', async () => {
  const others = await behind(GLU, report(LAB, BEN))
  expect(await ordersNamed(others, 'DiagnosticReport')).toEqual([LAB])
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'PLAC' }] }
  const numbered = await behind({ ...GLU, identifier: [{ type, system: 'urn:x', value: 'P7' }] }, report(LAB))
  expect(await ordersNamed(numbered, 'DiagnosticReport')).toEqual([LAB])
})

const told = (control: string, state = ''): Message => ['ORM^O01', ADA, `ORC|${control}|${LAB}|F1||${state}`]
const drug = (control: string, state = ''): Message => ['ORM^O01', ADA, `ORC|${control}|${DRUG}|F1||${state}`]

it.each<[string, JsonObject, Message, string]>([
  ['completed', GLU, told('SC', 'CM'), 'completed'],
  ['completed, when it is asked', { ...GLU, status: 'on-hold' }, told('SR', 'CM'), 'completed'],
  ['cancelled as requested', GLU, told('CR'), 'revoked'],
  ['discontinued', AMX, drug('OD'), 'stopped'],
  ['completed as a drug', AMX, drug('SC', 'CM'), 'completed'],
  ['held', GLU, told('OH'), 'on-hold'],
])('takes the word of the filler that an order of FHIR is %s', async (...[, order, message, status]) => {
  const engine = await behind(order, message)
  expect((await engine.all(order['resourceType'] as string)).map((one) => one['status'])).toEqual([status])
  expect(await items(engine)).toEqual([])
})

it.each<[string, JsonObject, Message, string]>([
  ['that is revoked is completed', { ...GLU, status: 'revoked' }, told('SC', 'CM'), 'revoked'],
  ['that is on hold is in process', { ...GLU, status: 'on-hold' }, told('SC', 'IP'), 'on-hold'],
  ['is not known to the filler', GLU, told('SC', 'ER'), 'active'],
])('asks a person when an order of FHIR %s', async (...[, order, message, status]) => {
  const engine = await behind(order, message)
  expect((await engine.all('ServiceRequest')).map((one) => one['status'])).toEqual([status])
  expect(await items(engine)).toMatchObject([{ element: 'status' }])
})

it('leaves an order active that a person has opened again behind the word of its filler', async () => {
  const engine = await behind(GLU, told('SC', 'CM'))
  const [completed = {}] = await engine.all('ServiceRequest')
  await made(engine, { ...completed, status: 'active' })
  const sender = new Sender(engine.port)
  expect(await sender.send(textOf(told('SC', 'CM'), 20))).toContain('MSA|AA')
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'active' }])
})

async function statuses(engine: Engine): Promise<readonly unknown[]> {
  const all = [...(await engine.all('ServiceRequest')), ...(await engine.all('MedicationRequest'))]
  return all.map(({ status }) => status)
}

it.each<[string, string, string, string]>([
  ['a refill that is asked for', 'RDE^O11', 'ORC|RF|P1|F1', 'RXE||AMX^AMX^L|500||mg'],
  ['a state that is asked for', 'OML^O21', 'ORC|SS|P1', 'OBR|1|P1||GLU^GLU^L'],
  ['a cancel that was not possible', 'ORM^O01', 'ORC|UC|P1|F1', 'OBR|1|P1|F1|GLU^GLU^L'],
])('makes no active order of %s, until somebody places it', async (...[, event, orc, line]) => {
  const engine = await after([event, ADA, orc, line])
  expect(await statuses(engine)).toEqual(['unknown'])
  expect(await new Sender(engine.port).send(textOf([event, ADA, 'ORC|NW|P1', line], 9))).toContain('MSA|AA')
  expect(await statuses(engine)).toEqual(['active'])
})
