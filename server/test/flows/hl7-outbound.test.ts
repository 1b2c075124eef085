import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { MessageBuilder } from '../../src/hl7/message/message-builder.ts'
import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { OutboundRules } from '../../src/hl7/rules/outbound-rules.ts'
import type { Store } from '../../src/store/port.ts'
import { freshStore } from '../fresh-store.ts'
import { rulesWith } from '../rules-with.ts'
import { admit, engineOn, MAPPINGS, Sender, settled, type Engine } from './interface-engine.ts'

/** Rules that are small enough to be seen through: an order message of each version of a request. */
const rules: OutboundRules = {
  definitions: new Map([['Order', { type: 'ServiceRequest' }]]),
  laidOver: () => rules,
  build: ({ resource, previous, controlId, header }) => {
    const builder = new MessageBuilder()
    builder.add('MSH')
    builder.set('MSH-3', header.sendingApplication).set('MSH-9.1', 'ORM').set('MSH-9.2', 'O01')
    builder
      .set('MSH-10', controlId)
      .set('MSH-11', 'P')
      .set('MSH-12', header.version)
      .set('MSH-18', header.charset)
    builder.add('ORC')
    builder.set('ORC-1', previous ? 'XO' : 'NW').set('ORC-2', resource['id'] as string)
    return Promise.resolve(resource['status'] === 'draft' ? undefined : builder.toString())
  },
}

type Answering = (controlId: string, attempt: number) => string | undefined

/** Another hospital system: it keeps what it got and answers as the test wants it. */
async function startPeer(answer: Answering, port = 0) {
  const got: { readonly id: string; readonly order: string; readonly what: string }[] = []
  const peer = await listenMllp({
    host: '127.0.0.1',
    port,
    frameBytes: 1024 * 1024,
    receive: async (frame) => {
      const [msh = '', orc = ''] = frame.toString().split('\r')
      const id = msh.split('|')[9] ?? ''
      const [, what = '', placer = ''] = orc.split('|')
      got.push({ id, order: placer, what })
      const code = answer(id, got.filter((one) => one.id === id).length)
      const [msa1 = '', msa2 = id] = code?.split(' ') ?? []
      if (code === undefined) return undefined
      return Buffer.from(`MSH|^~\\&|LAB||MOGRAN||2026||ACK|X|P|2.5.1\rMSA|${msa1}|${msa2}\r`)
    },
    refuse: () => Promise.resolve(undefined),
  })
  onTestFinished(async () => peer.close())
  return { port: peer.port, got, close: async () => peer.close() }
}

function destination(port: number, settings: object = {}) {
  const file = { host: '127.0.0.1', port, messages: ['Order'], ackSeconds: 1, ...settings }
  return readDestination('lab', file)
}

async function engineFor(store: Store, port: number, settings: object = {}): Promise<Engine> {
  return engineOn(
    store,
    { ackAt: 'committed' },
    { out: { rules, destinations: [destination(port, settings)] } },
  )
}

async function order(engine: Engine, id: string, change: object = {}): Promise<void> {
  const resource = {
    resourceType: 'ServiceRequest',
    id,
    status: 'active',
    intent: 'order',
    subject: { display: 'somebody' },
    code: { text: id },
    ...change,
  }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'ServiceRequest', id, method: 'PUT', resource }],
  })
}

const statesOf = async (engine: Engine) =>
  (await engine.outbound.outbox.list('lab', { limit: 100 })).map(({ message }) => message.state).toReversed()

it('sends each change of an order in its order, once, and keeps what was answered', async () => {
  const peer = await startPeer(() => 'AA')
  const engine = await engineFor(await freshStore(), peer.port)
  await order(engine, 'one')
  await order(engine, 'one', { status: 'on-hold' })
  await order(engine, 'two', { status: 'draft' })
  await expect.poll(() => statesOf(engine)).toEqual(['answered', 'answered'])
  expect(peer.got.map(({ order: id, what }) => `${what} ${id}`)).toEqual(['NW one', 'XO one'])
  const [last] = await engine.outbound.outbox.list('lab', { limit: 1 })
  expect(last?.message).toMatchObject({
    reference: 'ServiceRequest/one',
    version: 2,
    attempts: 1,
    code: 'AA',
  })
})

it('sends by the rules that the overlays of the destination make of it', async () => {
  const peer = await startPeer(() => 'AA')
  const mapper = await createMapper(
    await rulesWith({
      'overlays/lab/outbound/ServiceRequest.ORM_O01.yaml':
        'segments: [{ segment: ORC, rows: [{ id: control, to: ORC-1, const: RF }] }]\n',
    }),
  )
  const file = { host: '127.0.0.1', port: peer.port, messages: ['ServiceRequest.ORM_O01'] }
  const destinations = [
    readDestination('plain', file),
    readDestination('special', { ...file, overlays: ['lab'] }),
  ]
  const out = { rules: mapper.outbound, destinations }
  const engine = await engineOn(await freshStore(), { ackAt: 'committed' }, { out })
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [
      { type: 'Patient', id: 'p', method: 'PUT', resource: { resourceType: 'Patient', id: 'p' } },
      {
        type: 'ServiceRequest',
        id: 'one',
        method: 'PUT',
        resource: {
          resourceType: 'ServiceRequest',
          id: 'one',
          status: 'active',
          intent: 'order',
          subject: { reference: 'Patient/p' },
          code: { text: 'x' },
        },
      },
    ],
  })
  const controls = async (name: string) =>
    (await engine.outbound.outbox.list(name, { limit: 10 })).map(
      ({ message }) => /\rORC\|(\w+)/.exec(message.text)?.[1],
    )
  await expect.poll(async () => controls('plain')).toEqual(['NW'])
  await expect.poll(async () => controls('special')).toEqual(['RF'])
  const unknown = [readDestination('special', { ...file, overlays: ['nowhere'] })]
  await expect(
    engineOn(await freshStore(), { ackAt: 'committed' }, { out: { ...out, destinations: unknown } }),
  ).rejects.toThrow('there is no "nowhere"')
})

it('sends the same message with the same control id until it is answered, and nothing overtakes it', async () => {
  // No answer, then one that names another message, then the right one.
  const peer = await startPeer((_id, attempt) =>
    attempt === 1 ? undefined : attempt === 2 ? 'AA OTHER' : 'AA',
  )
  const engine = await engineFor(await freshStore(), peer.port)
  await order(engine, 'one')
  await order(engine, 'two')
  await expect.poll(() => statesOf(engine), { timeout: 20_000 }).toEqual(['answered', 'answered'])
  expect(peer.got.map(({ order: id }) => id)).toEqual(['one', 'one', 'one', 'two', 'two', 'two'])
  expect(new Set(peer.got.map(({ id }) => id)).size).toBe(2)
  expect(engine.outbound.strayAnswers).toBe(2)
}, 40_000)

it('keeps what it cannot deliver over a restart, and delivers when the peer is back', async () => {
  const store = await freshStore()
  const gone = await startPeer(() => 'AA')
  await gone.close()
  const first = await engineFor(store, gone.port)
  await order(first, 'one')
  await order(first, 'two')
  await expect.poll(() => first.outbound.failuresOf('lab')).toBeGreaterThan(0)
  await first.stop()
  const peer = await startPeer(() => 'AA', gone.port)
  const second = await engineFor(store, gone.port)
  await expect.poll(() => statesOf(second)).toEqual(['answered', 'answered'])
  expect(peer.got.map(({ order: id }) => id)).toEqual(['one', 'two'])
})

it('makes a refused message a dead letter that a person can send again, and pauses after a rejection where it shall', async () => {
  const peer = await startPeer((_id, attempt) => (attempt === 1 ? 'AE' : 'AA'))
  const engine = await engineFor(await freshStore(), peer.port)
  await order(engine, 'one')
  await expect.poll(() => statesOf(engine)).toEqual(['dead'])
  const [dead] = await engine.outbound.outbox.list('lab', { limit: 1 })
  await engine.outbound.retry(dead?.id ?? '')
  await expect.poll(() => statesOf(engine)).toEqual(['answered'])

  const strict = await startPeer((_id, attempt) => (attempt === 1 ? 'AR' : 'AA'))
  const pausing = await engineFor(await freshStore(), strict.port, { onReject: 'pause' })
  await order(pausing, 'two')
  await expect.poll(() => pausing.outbound.modeOf('lab')).toBe('paused')
  expect(await statesOf(pausing)).toEqual(['queued'])
  await pausing.outbound.setMode('lab', 'running')
  await expect.poll(() => statesOf(pausing)).toEqual(['answered'])
})

it('takes the answer of the application when it comes through a feed of its own', async () => {
  const peer = await startPeer(() => 'CA')
  const engine = await engineFor(await freshStore(), peer.port)
  await order(engine, 'one')
  await expect.poll(() => statesOf(engine)).toEqual(['sent'])
  const sender = new Sender(engine.port)
  sender.write(`MSH|^~\\&|LAB||MOGRAN||2026||ORR^O02|Y1|P|2.5.1\rMSA|AA|${peer.got[0]?.id ?? ''}\r`)
  await expect.poll(() => statesOf(engine)).toEqual(['answered'])
})

it('does not send back what came from a feed', async () => {
  const peer = await startPeer(() => 'AA')
  const definitions = new Map([['Order', { type: 'Patient' }]])
  const patients: OutboundRules = { ...rules, definitions, laidOver: () => patients }
  const engine = await engineOn(
    await freshStore(),
    { ackAt: 'committed' },
    {
      out: { rules: patients, destinations: [destination(peer.port)] },
    },
  )
  await new Sender(engine.port).send(admit())
  await settled(engine, 'A1', 'committed')
  const resource = { resourceType: 'Patient', name: [{ family: 'Own' }] }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'Patient', method: 'POST', resource }],
  })
  await expect.poll(() => statesOf(engine)).toEqual(['answered'])
  expect(peer.got).toHaveLength(1)
})

it('takes an order back that is deleted, once, and says nothing of one that was never sent', async () => {
  const { outbound } = await createMapper(MAPPINGS)
  const peer = await startPeer(() => 'AA')
  const messages = ['ServiceRequest.OML_O21', 'Patient.ADT']
  const destinations = [destination(peer.port, { messages })]
  const engine = await engineOn(await freshStore(), {}, { out: { rules: outbound, destinations } })
  const caller = systemCaller('tests', 'system')
  const remove = async (type: string, id: string) =>
    engine.resources.transact(caller, { drafts: [{ type, id, method: 'DELETE' }] })
  const resource = { resourceType: 'Patient', id: 'p1', name: [{ family: 'Salih' }] }
  await engine.resources.transact(caller, {
    drafts: [{ type: 'Patient', id: 'p1', method: 'PUT', resource }],
  })
  const subject = { reference: 'Patient/p1' }
  await order(engine, 'one', { subject })
  await remove('ServiceRequest', 'one')
  await order(engine, 'two', { subject, status: 'draft' })
  await remove('ServiceRequest', 'two')
  await order(engine, 'three', { subject })
  await order(engine, 'three', { subject, status: 'revoked' })
  await remove('ServiceRequest', 'three')
  await order(engine, 'four', { subject })
  await expect.poll(() => peer.got.length).toBe(6)
  await engine.resources.transact(caller, {
    drafts: [
      { type: 'Patient', id: 'p1', method: 'DELETE' },
      { type: 'ServiceRequest', id: 'four', method: 'DELETE' },
    ],
  })
  await expect.poll(() => peer.got.length).toBe(8)
  const texts = (await engine.outbound.outbox.list('lab', { limit: 10 })).map(({ message }) => message.text)
  const said = texts.toReversed().map((text) => {
    const [, event = '', control = ''] =
      /^MSH(?:\|[^|]*){7}\|\w+\^(\w+)[^]*?(?:\rORC\|(\w+)|$)/.exec(text) ?? []
    return `${event} ${control}`.trim()
  })
  expect(said.slice(0, 6)).toEqual(['A28', 'O21 NW', 'O21 CA', 'O21 NW', 'O21 CA', 'O21 NW'])
  expect(said.slice(6)).toEqual(['A29', 'O21 CA'])
})

it('tells with an admission what the patient cannot stand, who his people are and who pays', async () => {
  const { outbound } = await createMapper(MAPPINGS)
  const peer = await startPeer(() => 'AA')
  const destinations = [destination(peer.port, { messages: ['Encounter.ADT'] })]
  const engine = await engineOn(await freshStore(), {}, { out: { rules: outbound, destinations } })
  const patient = { reference: 'Patient/p1' }
  const clinicalStatus = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
  }
  const allergy = { resourceType: 'AllergyIntolerance', clinicalStatus }
  const resources = [
    { resourceType: 'Patient', id: 'p1', name: [{ family: 'Salih' }] },
    { ...allergy, id: 'a1', patient, code: { text: 'Penicillin' } },
    { ...allergy, id: 'a2', patient: { reference: 'Patient/p2' }, code: { text: 'Cats' } },
    { resourceType: 'RelatedPerson', id: 'r1', patient, name: [{ family: 'Omar' }] },
    {
      resourceType: 'Coverage',
      id: 'c1',
      status: 'active',
      beneficiary: patient,
      payor: [{ display: 'Fund' }],
    },
    {
      resourceType: 'Encounter',
      id: 'e1',
      status: 'in-progress',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
      subject: patient,
    },
  ]
  for (const resource of resources) {
    const { resourceType: type, id } = resource
    await engine.resources.transact(systemCaller('tests', 'system'), {
      drafts: [{ type, id, method: 'PUT', resource }],
    })
  }
  const sent = async () =>
    (await engine.outbound.outbox.list('lab', { limit: 10 })).map(({ message }) => message.text)
  await expect.poll(async () => (await sent()).length).toBe(1)
  const segments = (await sent()).join('').split('\r')
  expect(segments.map((segment) => segment.slice(0, 3))).toEqual([
    'MSH',
    'EVN',
    'PID',
    'NK1',
    'PV1',
    'AL1',
    'IN1',
    '',
  ])
  expect(segments[5]).toMatch(/^AL1\|1\|MA\|\^Penicillin/)
})
