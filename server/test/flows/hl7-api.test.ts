import { fastify, type FastifyInstance } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, it, onTestFinished } from 'vitest'

import { authoriseCommand } from '../../src/auth/authorise.ts'
import { systemCaller, type Caller } from '../../src/auth/caller.ts'
import { answerTo } from '../../src/fhir/calls/outcome.ts'
import { interopApi } from '../../src/hl7/api/interop.ts'
import { Feeds, Statistics } from '../../src/hl7/feeds.contract.ts'
import {
  DecidedItems,
  MessageDetail,
  MessageList,
  ReplayAnswer,
  TraceAnswer,
  Worklist,
} from '../../src/hl7/hl7.contract.ts'
import { admit, auditOf, result, Sender, startEngine, type Engine } from './interface-engine.ts'

const administrator = systemCaller('tests', 'system')

async function apiOn(engine: Engine, caller: Caller = administrator): Promise<FastifyInstance> {
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, _request, reply) => {
    const { status, outcome } = answerTo(error)
    return reply.code(status).send(outcome)
  })
  const { flow, listeners, outbound, store, resources } = engine
  const audit = await auditOf(engine)
  const desks = { records: store.records, resources, audit, clock: Date.now, since: Date.now() }
  const options = { flow, listeners, outbound, ...desks }
  await app.register(interopApi, {
    ...options,
    problemOf: () => undefined,
    nameOf: async () => undefined,
    prefix: '/api/v1/interop',
    callerOf: () => caller,
    authorise: authoriseCommand,
  })
  onTestFinished(async () => app.close())
  return app
}

async function ask(app: FastifyInstance, path: string, body?: object): Promise<unknown> {
  const url = `/api/v1/interop${path}`
  const response = await app.inject({
    url,
    method: body ? 'POST' : 'GET',
    ...(body ? { payload: body } : {}),
  })
  expect(response).toMatchObject({ statusCode: expect.toSatisfy((status: number) => status < 300) })
  return response.body === '' ? undefined : (JSON.parse(response.body) as unknown)
}

it('lists messages newest first in pages, by state, type, feed and patient', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  await sender.send(admit())
  await sender.send(result())
  await sender.send(admit({ id: 'A2', mrn: '9' }))
  await sender.send(admit({ id: 'X' }).replace('ADT^A01', 'ADT^Z99'))
  const app = await apiOn(engine)
  const ids = async (query: string) =>
    MessageList.parse(await ask(app, `/messages?${query}`)).messages.map(({ controlId }) => controlId)
  expect(await ids('')).toEqual(['X', 'A2', 'R1', 'A1'])
  expect(await ids('state=rejected')).toEqual(['X'])
  expect(await ids('type=ORU')).toEqual(['R1'])
  expect(await ids('type=ADT%5EA01&state=committed')).toEqual(['A2', 'A1'])
  expect(await ids('feed=other')).toEqual([])
  const [first] = await engine.all('Patient')
  expect(await ids(`patient=${first?.['id'] as string}`)).toEqual(['R1', 'A1'])
  const page = MessageList.parse(await ask(app, '/messages?count=3'))
  expect(page.messages).toHaveLength(3)
  expect(await ids(`count=3&cursor=${page.next ?? ''}`)).toEqual(['A1'])
  await sender.send(
    result()
      .replace(/^(MSH.*)R1(.*)/, '$1R2$2')
      .replace(/\rPID[^\r]*/, '\rPID|1'),
  )
  await sender.send(admit({ id: 'Y' }).replace('ADT^A01', 'ADT^Z99'))
  expect(await ids('state=failed')).toEqual(['Y', 'R2', 'X'])
  expect(await ids('state=failed&feed=default&type=ORU')).toEqual(['R2'])
})

it('shows a message in pieces beside what it made, and leads from a value to its field', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  await sender.send(admit())
  await sender.send(result())
  const app = await apiOn(engine)
  const [newest] = MessageList.parse(await ask(app, '/messages')).messages
  const detail = MessageDetail.parse(await ask(app, `/messages/${newest?.id ?? ''}`))
  expect(detail.raw).toBe(result())
  expect(detail.segments.map(({ label }) => label)).toEqual(['MSH', 'PID', 'OBR', 'OBX'])
  expect(detail.segments[3]?.fields).toContainEqual({ position: 'OBX-5', text: '6.90' })
  expect(detail.ack).toContain('MSA|AA|R1')
  expect(detail.history.map(({ state }) => state)).toEqual(['received', 'mapped', 'committed'])
  const made = detail.resources.find(({ reference }) => reference.startsWith('Observation/'))
  expect(made).toMatchObject({ action: 'created', version: 1 })

  const trace = TraceAnswer.parse(
    await ask(app, `/trace?reference=${made?.reference ?? ''}&element=Observation.valueQuantity`),
  )
  const value = trace.sources.find(({ element }) => element === 'Observation.valueQuantity.value')
  expect(value).toMatchObject({ source: 'OBX-5', message: newest?.id, isCurrent: true })
  expect(detail.trace).toContainEqual(expect.objectContaining({ element: value?.element, source: 'OBX-5' }))
})

it('shows the beginning of a long message, also where the cut goes through a character', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  const app = await apiOn(engine)
  for (const pad of ['', 'x']) {
    await sender.send(`${admit({ id: `A${pad}` })}NTE|1||${pad}${'\u0623'.repeat(40_000)}\r`)
    const [newest] = MessageList.parse(await ask(app, '/messages')).messages
    const { raw, isCut } = MessageDetail.parse(await ask(app, `/messages/${newest?.id ?? ''}`))
    expect(isCut).toBe(true)
    expect(raw).toMatch(/\|x?\u0623+$/)
  }
})

it('shows the bytes of a message that cannot be decoded as its sender most likely means them', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const bytes = Buffer.from(admit({ name: 'M\u00fcller^\u0080uro' }), 'latin1')
  expect(await sender.send(bytes)).toContain('MSA|AE')
  const app = await apiOn(engine)
  const [message] = MessageList.parse(await ask(app, '/messages')).messages
  const { raw } = MessageDetail.parse(await ask(app, `/messages/${message?.id ?? ''}`))
  expect(raw).toContain('|M\u00fcller^\u20acuro|')
})

it('refuses a replay that ends before it begins, and a mended text that is not there', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  await new Sender(engine.port).send(admit())
  const app = await apiOn(engine)
  const [newest] = MessageList.parse(await ask(app, '/messages')).messages
  const raw = `/api/v1/interop/messages/${newest?.id ?? ''}/raw?edit=`
  expect((await app.inject({ url: `${raw}0` })).body).toBe(admit())
  expect((await app.inject({ url: `${raw}1` })).statusCode).toBe(404)
  const payload = { feed: 'default', from: '2027-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }
  const answer = await app.inject({ url: '/api/v1/interop/replays', method: 'POST', payload })
  expect(answer).toMatchObject({ statusCode: 400 })
  expect(answer.json()).toMatchObject({ issue: [{ expression: ['body.to'] }] })
})

it('replays with a rehearsal first, and puts a conflict on the worklist until a person decides', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  await sender.send(admit())
  const [patient = {}] = await engine.all('Patient')
  const id = patient['id'] as string
  await engine.resources.transact(administrator, {
    drafts: [{ type: 'Patient', id, method: 'PUT', resource: { ...patient, birthDate: '1988-04-02' } }],
  })
  await sender.send(admit({ id: 'A2', time: '20261123111500+0000', birth: '19870403' }))
  const app = await apiOn(engine)
  const [newest] = MessageList.parse(await ask(app, '/messages')).messages
  const rehearsal = ReplayAnswer.parse(await ask(app, `/messages/${newest?.id ?? ''}/replay?dryRun=true`, {}))
  expect(rehearsal).toMatchObject({ dryRun: true, changes: [] })
  const replayed = ReplayAnswer.parse(await ask(app, `/messages/${newest?.id ?? ''}/replay?dryRun=false`, {}))
  expect(replayed).toMatchObject({ dryRun: false, state: 'committed' })

  const trace = TraceAnswer.parse(await ask(app, `/trace?reference=Patient/${id}&element=birthDate`))
  expect(trace.sources).toMatchObject([{ source: 'PID-7', isCurrent: false }])
  const { items } = Worklist.parse(await ask(app, '/worklist'))
  expect(items).toMatchObject([
    {
      reference: `Patient/${id}`,
      numbers: expect.arrayContaining(['4711']) as unknown,
      element: 'birthDate',
      incoming: '"1987-04-03"',
    },
  ])
  await ask(app, `/worklist/${items[0]?.id ?? ''}/resolve`, { decision: 'take' })
  expect((await engine.all('Patient'))[0]).toMatchObject({ birthDate: '1987-04-03' })
  expect(Worklist.parse(await ask(app, '/worklist'))).toEqual({ items: [], isCut: false })

  const decided = async () => DecidedItems.parse(await ask(app, '/worklist/decided')).items
  expect(await decided()).toMatchObject([{ ...items[0], decision: 'take', by: administrator.subject }])
  const reopen = `/worklist/${items[0]?.id ?? ''}/reopen`
  await ask(app, reopen, {})
  expect(await decided()).toEqual([])
  expect((await engine.all('Patient'))[0]).toMatchObject({ birthDate: '1988-04-02' })
  expect(Worklist.parse(await ask(app, '/worklist')).items).toEqual(items)
  await ask(app, `/worklist/${items[0]?.id ?? ''}/resolve`, { decision: 'keep' })
  await ask(app, reopen, {})
  expect(Worklist.parse(await ask(app, '/worklist')).items).toEqual(items)
  const again = await app.inject({ method: 'POST', url: `/api/v1/interop${reopen}`, payload: {} })
  expect(again.statusCode).toBe(404)
})

it('lists decisions in pages, the latest first', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const app = await apiOn(engine)
  const item = {
    kind: 'element',
    feed: 'default',
    message: '0688b68855b400e68f',
    reference: 'Patient/1',
    element: 'gender',
  }
  for (const n of [3, 1, 2, 5, 4])
    await engine.store.records.apply([
      {
        op: 'put',
        collection: 'hl7-decided',
        id: `i${n}`,
        // Two of one instant.
        value: { item: { ...item, id: `i${n}`, time: 0 }, decision: 'keep', by: 'x', at: Math.min(n, 4) },
      },
    ])
  const pages: string[][] = []
  let next: string | undefined = ''
  while (next !== undefined) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`
    const page = DecidedItems.parse(await ask(app, `/worklist/decided?count=2${cursor}`))
    pages.push(page.items.map(({ id }) => id))
    next = page.next
  }
  expect(pages).toEqual([['i5', 'i4'], ['i3', 'i2'], ['i1']])
})

it('does not take a decision back over what somebody has written since', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  await sender.send(admit())
  const write = async (birthDate: string) => {
    const [patient = {}] = await engine.all('Patient')
    const draft = { type: 'Patient', id: patient['id'] as string, method: 'PUT' as const }
    await engine.resources.transact(administrator, {
      drafts: [{ ...draft, resource: { ...patient, birthDate } }],
    })
  }
  await write('1988-04-02')
  await sender.send(admit({ id: 'A2', time: '20261123111500+0000', birth: '19870403' }))
  const app = await apiOn(engine)
  const [item] = Worklist.parse(await ask(app, '/worklist')).items
  await ask(app, `/worklist/${item?.id ?? ''}/resolve`, { decision: 'take' })
  await write('1990-01-01')
  const url = `/api/v1/interop/worklist/${item?.id ?? ''}/reopen`
  expect((await app.inject({ method: 'POST', url, payload: {} })).statusCode).toBe(409)
  expect((await engine.all('Patient'))[0]).toMatchObject({ birthDate: '1990-01-01' })
})

it('traces the items of a list to what was said of each, wherever they stand now', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  for (const [at, bed] of ['A', 'B', 'C'].entries()) {
    const time = `2026112310${10 + at}00+0000`
    const text = admit({ id: bed, time, event: at === 0 ? 'A01' : 'A02' })
    await sender.send(text.replace('W1^05^A', `W1^05^${bed}`))
  }
  const app = await apiOn(engine)
  const { messages } = MessageList.parse(await ask(app, '/messages'))
  const [encounter] = await engine.all('Encounter')
  const path = `/trace?reference=Encounter/${encounter?.['id'] as string}&element=location`
  const { sources } = TraceAnswer.parse(await ask(app, path))
  const told = (element: string) => {
    const found = sources.find((one) => one.element === `Encounter.location${element}`)
    const id = messages.find((one) => one.id === found?.message)?.controlId
    return `${found?.source ?? ''} of ${id ?? ''}${found?.isCurrent === true ? '' : ', not now'}`
  }
  for (const [at, bed] of ['C', 'B', 'A'].entries())
    expect(told(`[${at}].location.reference`)).toBe(`PV1-3.4 of ${bed}`)
  // A bed that was left is `completed`, and its stay ends, by what names the next one.
  expect(['[1].status', '[1].period.end', '[2].status', '[2].period.end'].map(told)).toEqual([
    'PV1-3.4 of C',
    'PV1-3.4 of C',
    'PV1-3.4 of B',
    'PV1-3.4 of B',
  ])
  expect(['[0].period.start', '[1].period.start'].map(told)).toEqual(['EVN-2 of C', 'EVN-2 of B'])
})

it('tells how the feeds are, and keeps everything from those who may not see it', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  await new Sender(engine.port).send(admit())
  const app = await apiOn(engine)
  expect(Feeds.parse(await ask(app, '/feeds')).feeds).toMatchObject([
    { name: 'default', messages: { committed: 1 } },
  ])
  expect(Statistics.parse(await ask(app, '/statistics')).messages).toMatchObject({
    received: 1,
    committed: 1,
  })

  const clerk: Caller = { subject: 'clerk', kind: 'person', roles: ['billing'], facilities: 'all' }
  const closed = await apiOn(engine, clerk)
  for (const path of ['/messages', '/feeds', '/statistics', '/worklist', '/trace?reference=Patient/1']) {
    const response = await closed.inject({ url: `/api/v1/interop${path}` })
    expect([path, response.statusCode]).toEqual([path, 403])
  }
})
