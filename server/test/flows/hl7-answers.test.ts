import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { freshStore } from '../fresh-store.ts'
import { engineOn, MAPPINGS, Sender, type Engine } from './interface-engine.ts'

const { outbound: rules } = await createMapper(MAPPINGS)

interface Filler {
  readonly type: string
  readonly code?: string
  /** ORC and what follows, made of the placer number. */
  readonly lines?: (placer: string) => readonly string[]
}

/** A laboratory or a pharmacy that answers every order message in its own way. */
async function startFiller({ type, code = 'AA', lines = () => [] }: Filler) {
  const got: string[] = []
  const peer = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: 1024 * 1024,
    receive: async (frame) => {
      const text = frame.toString()
      got.push(text)
      const id = text.split('|')[9] ?? ''
      const placer = /\rORC\|[^|]*\|([^|]*)/.exec(text)?.[1] ?? ''
      const answer = [`MSH|^~\\&|LAB||MOGRAN||2026||${type}|X${got.length}|P|2.5.1`, `MSA|${code}|${id}`]
      return Promise.resolve(Buffer.from([...answer, ...lines(placer), ''].join('\r')))
    },
    refuse: () => Promise.resolve(undefined),
  })
  onTestFinished(async () => peer.close())
  return { port: peer.port, got }
}

async function engineFor(port: number, message: string): Promise<Engine> {
  const file = { host: '127.0.0.1', port, messages: [message], ackSeconds: 1 }
  const destinations = [readDestination('lab', file)]
  return engineOn(await freshStore(), { ackAt: 'committed' }, { out: { rules, destinations } })
}

async function put(engine: Engine, resource: JsonObject): Promise<void> {
  const { resourceType: type, id } = resource as { resourceType: string; id: string }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type, id, method: 'PUT', resource }],
  })
}

const PATIENT = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ system: 'urn:hospital', value: '4711', type: { coding: [{ code: 'MR' }] } }],
  name: [{ family: 'Okoye' }],
}
const ORDER = {
  resourceType: 'ServiceRequest',
  id: 'o1',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p1' },
  code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }] },
}
const MEDICATION = {
  resourceType: 'MedicationRequest',
  id: 'm1',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p1' },
  medicationCodeableConcept: { text: 'amoxicillin 500 mg' },
}

const states = async (engine: Engine) =>
  (await engine.outbound.outbox.list('lab', { limit: 10 })).map(({ message }) => message.state)
const numbersOf = (resource: JsonObject | undefined) =>
  ((resource?.['identifier'] ?? []) as readonly { readonly value?: string }[]).map(({ value }) => value)

it.each([
  ['ORR^O02^ORR_O02', 'ServiceRequest.ORM_O01', ORDER, 'OK', 'active'],
  ['ORL^O22^ORL_O22', 'ServiceRequest.OML_O21', ORDER, 'OK', 'active'],
  ['ORL^O22^ORL_O22', 'ServiceRequest.OML_O21', ORDER, 'UA', 'revoked'],
  ['ORR^O02^ORR_O02', 'MedicationRequest.ORM_O01', MEDICATION, 'OK', 'active'],
  ['ORR^O02^ORR_O02', 'MedicationRequest.ORM_O01', MEDICATION, 'UA', 'cancelled'],
  ['RRE^O12^RRE_O12', 'MedicationRequest.RDE_O11', MEDICATION, 'OK', 'active'],
  ['RRE^O12^RRE_O12', 'MedicationRequest.RDE_O11', MEDICATION, 'UA', 'cancelled'],
])('%s to %s writes number and state into the order', async (...[type, message, order, control, status]) => {
  const peer = await startFiller({ type, lines: (placer) => [`ORC|${control}|${placer}|F77^LAB`] })
  const engine = await engineFor(peer.port, message)
  await put(engine, PATIENT)
  await put(engine, order)
  const found = async () => (await engine.all(order.resourceType))[0]
  await expect.poll(async () => numbersOf(await found())).toEqual(['F77'])
  expect(await found()).toMatchObject({ id: order.id, status, subject: order.subject, intent: 'order' })
  await expect.poll(() => states(engine)).toEqual(['answered'])
  // What the answer changed is not sent back to who gave it.
  expect(peer.got).toHaveLength(1)
  expect(engine.reported).toEqual([])
})

it('a plain acknowledgement leaves the order as it is, a refusal too: a person has to look', async () => {
  for (const [code, state] of [
    ['AA', 'answered'],
    ['AE', 'dead'],
  ] as const) {
    const peer = await startFiller({ type: 'ACK', code })
    const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
    await put(engine, PATIENT)
    await put(engine, ORDER)
    await expect.poll(() => states(engine)).toEqual([state])
    expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'active', meta: { versionId: '1' } }])
  }
})

it('an order that the filler cannot cancel stays cancelled here, and its message waits for a person', async () => {
  const answers = ['OK', 'UC']
  const lines = (placer: string) => [`ORC|${answers.shift()}|${placer}|F77^LAB`]
  const peer = await startFiller({ type: 'ORL^O22^ORL_O22', lines })
  const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
  await put(engine, PATIENT)
  await put(engine, ORDER)
  await expect.poll(() => states(engine)).toEqual(['answered'])
  const [accepted] = await engine.all('ServiceRequest')
  await put(engine, { ...accepted, status: 'revoked' })
  await expect.poll(() => states(engine)).toEqual(['dead', 'answered'])
  const [refused] = await engine.outbound.outbox.listDead('lab', { limit: 1 })
  expect(refused?.message).toMatchObject({ code: 'AA', reason: 'AA ORC-1 UC: unable to cancel' })
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'revoked' }])
})

it('an answer that names another order changes none', async () => {
  const peer = await startFiller({ type: 'ORL^O22^ORL_O22', lines: () => ['ORC|UA|somebody-else|F9'] })
  const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
  await put(engine, PATIENT)
  await put(engine, ORDER)
  await expect.poll(() => states(engine)).toEqual(['answered'])
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'active', meta: { versionId: '1' } }])
})

/** Behind an accept acknowledgement, on a connection of its own. */
function answerLate(engine: Engine, order: string | undefined, line: string): void {
  const id = order?.split('|')[9] ?? ''
  const head = `MSH|^~\\&|LAB||MOGRAN||2026||ORL^O22^ORL_O22|Y${id}|P|2.5.1`
  new Sender(engine.port).write([head, `MSA|AA|${id}`, line].join('\r'))
}

it('an acceptance that comes late does not reopen what was withdrawn meanwhile', async () => {
  const peer = await startFiller({ type: 'ACK', code: 'CA' })
  const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
  await put(engine, PATIENT)
  await put(engine, ORDER)
  await expect.poll(() => states(engine)).toEqual(['sent'])
  await put(engine, { ...ORDER, status: 'revoked' })
  answerLate(engine, peer.got[0], 'ORC|OK|o1|F77^LAB')
  await expect.poll(async () => numbersOf((await engine.all('ServiceRequest'))[0])).toEqual(['F77'])
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'revoked' }])
})

it('a cancel that is confirmed late does not end what is active again', async () => {
  const peer = await startFiller({ type: 'ACK', code: 'CA' })
  const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
  await put(engine, PATIENT)
  await put(engine, ORDER)
  await expect.poll(() => peer.got.length).toBe(1)
  answerLate(engine, peer.got[0], 'ORC|OK|o1')
  await expect.poll(() => states(engine)).toEqual(['answered'])
  await put(engine, { ...ORDER, status: 'revoked' })
  await expect.poll(() => peer.got.length).toBe(2)
  await put(engine, ORDER)
  answerLate(engine, peer.got[1], 'ORC|CR|o1|F77^LAB')
  await expect.poll(async () => numbersOf((await engine.all('ServiceRequest'))[0])).toEqual(['F77'])
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'active' }])
})

const NUMBERED = {
  ...ORDER,
  identifier: [{ type: { coding: [{ code: 'PLAC' }] }, system: 'urn:ward', value: 'P1' }],
  code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }] },
}
const POTASSIUM = 'OBR|1|P1||2823-3^Potassium^LN'
const SODIUM = 'OBR|2|P1||2951-2^Sodium^LN'

it.each<[string, readonly string[], readonly string[], string]>([
  ['the second service', ['ORC|OK|P1|F1', SODIUM, 'ORC|UA|P1|F2', POTASSIUM], ['P1', 'F2'], 'revoked'],
  ['the first service', ['ORC|OK|P1|F1', POTASSIUM, 'ORC|UA|P1|F2', SODIUM], ['P1', 'F1'], 'active'],
  ['the number alone', ['ORC|UA|P1|F1', 'ORC|OK|P1|F2', SODIUM], ['P1', 'F1'], 'revoked'],
  ['it in a code of theirs', ['ORC|UA|P1|F1', 'OBR|1|P1||K^Kalium^99LAB'], ['P1', 'F1'], 'revoked'],
])('an order whose number stands for several services takes the answer about %s', async (...row) => {
  const [, lines, numbers, status] = row
  const peer = await startFiller({ type: 'ORL^O22^ORL_O22', lines: () => lines })
  const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
  await put(engine, PATIENT)
  await put(engine, NUMBERED)
  await expect.poll(async () => numbersOf((await engine.all('ServiceRequest'))[0])).toEqual(numbers)
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status }])
})

it.each<[string, JsonObject, readonly string[], string, string]>([
  ['does not find it', ORDER, ['ORC|SC|o1|F77||ER'], 'active', 'dead'],
  ['does not find it as a drug', MEDICATION, ['ORC|OK|m1|F77||ER'], 'active', 'dead'],
  ['does not accept it, whatever else it says', ORDER, ['ORC|UA|o1|F77||IP'], 'revoked', 'answered'],
  ['holds what was released since', ORDER, ['ORC|HR|o1|F77'], 'active', 'answered'],
])('an order whose filler %s', async (...[, order, lines, status, state]) => {
  const type = order === ORDER ? 'ORL^O22^ORL_O22' : 'RRE^O12^RRE_O12'
  const peer = await startFiller({ type, lines: () => lines })
  const message = order === ORDER ? 'ServiceRequest.OML_O21' : 'MedicationRequest.RDE_O11'
  const engine = await engineFor(peer.port, message)
  await put(engine, PATIENT)
  await put(engine, order)
  const found = async () => (await engine.all(order['resourceType'] as string))[0]
  await expect.poll(async () => numbersOf(await found())).toEqual(['F77'])
  expect(await found()).toMatchObject({ status })
  await expect.poll(() => states(engine)).toEqual([state])
})

it('an answer with a code that nobody knows leaves the order as it is, and is reported', async () => {
  const peer = await startFiller({ type: 'ORL^O22^ORL_O22', lines: () => ['ORC|ZZ|o1|F77'] })
  const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
  await put(engine, PATIENT)
  await put(engine, ORDER)
  await expect.poll(() => engine.reported.length).toBe(1)
  expect(String(engine.reported[0])).toContain('"ZZ"')
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'active' }])
})

it.each([
  ['another service of its number', ['ORC|UA|P1|F2', SODIUM]],
  [
    'two of its number that it cannot tell apart',
    ['ORC|OK|P1|F1', 'OBR|1|P1||K^Kalium^99LAB', 'ORC|UA|P1|F2', SODIUM],
  ],
])('an answer about %s changes nothing, and is reported', async (_, lines) => {
  const peer = await startFiller({ type: 'ORL^O22^ORL_O22', lines: () => lines })
  const engine = await engineFor(peer.port, 'ServiceRequest.OML_O21')
  await put(engine, PATIENT)
  await put(engine, NUMBERED)
  await expect.poll(() => engine.reported.length).toBe(1)
  expect(await engine.all('ServiceRequest')).toMatchObject([{ status: 'active', meta: { versionId: '1' } }])
})

it.each([
  ['RRE^O12^RRE_O12', 'MedicationRequest.RDE_O11', (drug: string) => `RXE||${drug}^^L|1||mg`],
  ['ORR^O02^ORR_O02', 'MedicationRequest.ORM_O01', (drug: string) => `RXO|${drug}^^L|1||mg`],
])('a medication order takes by %s the answer about its drug', async (type, message, drug) => {
  const lines = ['ORC|OK|P1|F1', drug('IBU'), 'RXR|PO', 'ORC|UA|P1|F2', drug('AMX'), 'RXR|PO']
  const peer = await startFiller({ type, lines: () => lines })
  const engine = await engineFor(peer.port, message)
  await put(engine, PATIENT)
  const { identifier } = NUMBERED
  const medicationCodeableConcept = { coding: [{ code: 'AMX' }] }
  await put(engine, { ...MEDICATION, identifier, medicationCodeableConcept })
  await expect.poll(async () => numbersOf((await engine.all('MedicationRequest'))[0])).toEqual(['P1', 'F2'])
  expect(await engine.all('MedicationRequest')).toMatchObject([{ status: 'cancelled' }])
})
