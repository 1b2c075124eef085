import { createHash, randomBytes } from 'node:crypto'

import { expect, it, onTestFinished } from 'vitest'

import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { limits } from '../../src/kernel/limits.ts'
import { freshStore } from '../fresh-store.ts'
import { startFhir } from './fhir-server.ts'
import { engineOn, MAPPINGS, Sender, settled } from './interface-engine.ts'

interface Parts {
  readonly id: string
  readonly content: Buffer
  readonly address?: string
}

const encapsulated = (content: Buffer) => `^Application^PDF^Base64^${content.toString('base64')}`

function document({ id, content, address = '' }: Parts): string {
  return [
    `MSH|^~\\&|DOCS|NORTH|HUB|MOGRAN|20261123103000+0000||MDM^T02^MDM_T02|${id}|P|2.5.1`,
    'EVN|T02|20261123103000+0000',
    `PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F|||${address}`,
    'PV1|1|I|W1^05^A^NORTH||||||||||||||||V4711^^^NORTH^VN',
    'TXA|1|DS^Discharge summary|AP|20261123100000+0000||||||||DOC1^HIS|||||LA||AV',
    `OBX|1|ED|18842-5^Discharge summary^LN||${encapsulated(content)}||||||F`,
    'OBX|2|TX|8251-1^Remark^LN||short||||||F',
    '',
  ].join('\r')
}

function report({ id, content }: Parts): string {
  return [
    `MSH|^~\\&|LAB|NORTH|HUB|MOGRAN|20261123103000+0000||ORU^R01^ORU_R01|${id}|P|2.5.1`,
    'PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F',
    'OBR|1|P1^NORTH|F1^LAB|24323-8^Metabolic panel^LN|||20261123102000+0000|||||||||||||||20261123102900+0000||LAB|F',
    `OBX|1|ED|11502-2^Report^LN||${encapsulated(content)}||||||F`,
    '',
  ].join('\r')
}

async function start() {
  const store = await freshStore()
  const engine = await engineOn(store, { frameBytes: 64 * 1024 * 1024, ackAt: 'committed' })
  const fhir = await startFhir({ store })
  return { engine, fhir, sender: new Sender(engine.port) }
}

const textAt = (object: JsonObject | undefined, name: string): string => {
  const value = object?.[name]
  return typeof value === 'string' ? value : ''
}

const attachmentsOf = (one: JsonObject | undefined) =>
  ((one as { content?: readonly { attachment: JsonObject }[] } | undefined)?.content ?? []).map(
    ({ attachment }) => attachment,
  )
const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('base64')

it('keeps a document of 15 MB beside its record, byte for byte, and a replay writes nothing', async () => {
  const { engine, fhir, sender } = await start()
  const content = randomBytes(15 * 1024 * 1024)
  expect(await sender.send(document({ id: 'D1', content }))).toContain('MSA|AA|D1')

  const [held] = await engine.all('DocumentReference')
  const attachment = attachmentsOf(held).find(({ url: address }) => address !== undefined)
  const url = textAt(attachment, 'url')
  expect(attachment).toEqual({
    contentType: 'application/pdf',
    url: expect.stringMatching(/^Binary\/[\w-]+$/),
    size: content.length,
    hash: sha1(content),
    title: 'Discharge summary',
  })

  const raw = await fetch(`${fhir.base}/${url}`)
  expect(raw.headers.get('content-type')).toBe('application/pdf')
  expect(content.equals(Buffer.from(await raw.arrayBuffer()))).toBe(true)
  const { json } = await fhir.ask('GET', `/${url}`, { headers: { accept: 'application/fhir+json' } })
  expect(json).toMatchObject({ resourceType: 'Binary', securityContext: expect.anything() })
  expect(json['data'] === content.toString('base64')).toBe(true)
  const { json: part } = await fhir.ask('GET', `/${url}?_elements=contentType&_format=json`)
  expect(part).not.toHaveProperty('data')

  expect(await sender.send(document({ id: 'D2', content }))).toContain('MSA|AA|D2')
  expect(await engine.all('Provenance')).toHaveLength(1)
  expect(await engine.all('Binary')).toHaveLength(1)
})

it('gives a changed document a Binary of its own, and the one before stays with the version that names it', async () => {
  const { engine, fhir, sender } = await start()
  const [first, second] = [randomBytes(2_000_000), randomBytes(2_000_000)]
  await sender.send(document({ id: 'D1', content: first }))
  const [binary] = await engine.all('Binary')
  await sender.send(document({ id: 'D2', content: second }))
  expect(await engine.all('Binary')).toHaveLength(2)

  const address = `${fhir.base}/Binary/${textAt(binary, 'id')}`
  expect((await fhir.ask('DELETE', `/Binary/${textAt(binary, 'id')}`)).status).toBe(204)
  expect((await fetch(address)).status).toBe(410)
  const kept = await fetch(`${address}/_history/1`)
  expect(first.equals(Buffer.from(await kept.arrayBuffer()))).toBe(true)
})

it('shows the content of a Binary to nobody who wrote another one over it', async () => {
  const { engine, fhir, sender } = await start()
  await sender.send(document({ id: 'D1', content: randomBytes(2_000_000) }))
  const [binary] = await engine.all('Binary')
  const id = textAt(binary, 'id')
  const body = { resourceType: 'Binary', id, contentType: 'application/pdf' }
  expect((await fhir.ask('PUT', `/Binary/${id}`, { body })).status).toBe(200)
  const raw = await fetch(`${fhir.base}/Binary/${id}`)
  expect((await raw.arrayBuffer()).byteLength).toBe(0)
})

it('writes a report and its observation with one Binary, and leaves short documents where they are', async () => {
  const { engine, sender } = await start()
  await sender.send(report({ id: 'R1', content: randomBytes(3_000_000) }))
  const [held] = await engine.all('DiagnosticReport')
  const forms = (held as { presentedForm?: readonly JsonObject[] }).presentedForm ?? []
  expect(forms).toEqual([
    expect.objectContaining({ size: 3_000_000, url: expect.stringMatching(/^Binary\//) }),
  ])
  expect(JSON.stringify(await engine.all('Observation'))).toContain(textAt(forms[0], 'url'))
  expect(await engine.all('Binary')).toHaveLength(1)

  await sender.send(report({ id: 'R2', content: Buffer.from('short') }).replace('F1^LAB', 'F2^LAB'))
  expect(await engine.all('Binary')).toHaveLength(1)
  const texts = (await engine.all('DiagnosticReport')).map((each) => JSON.stringify(each))
  expect(texts.filter((text) => text.includes(Buffer.from('short').toString('base64')))).toHaveLength(1)
})

it('keeps nothing of a document whose message cannot be recorded', async () => {
  const { engine, sender } = await start()
  const address = 'x'.repeat(9 * 1024 * 1024)
  sender.write(document({ id: 'D1', content: randomBytes(2_000_000), address }))
  await settled(engine, 'D1', 'dead')
  expect(await engine.store.records.range({ collection: 'binary-content', limit: 10 })).toEqual([])
  expect(await engine.all('Binary')).toEqual([])
})

it('sends a report with its document to who cannot fetch it, however long', async () => {
  const content = randomBytes(3_000_000)
  const got = Promise.withResolvers<string>()
  const peer = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: limits.hl7.frameBytes,
    receive: (frame) => {
      got.resolve(frame.toString())
      const id = frame.toString('latin1', 0, 300).split('|')[9] ?? ''
      return Promise.resolve(Buffer.from(`MSH|^~\\&|A||B||2026||ACK|X|P|2.5.1\rMSA|AA|${id}\r`))
    },
    refuse: () => Promise.resolve(undefined),
  })
  onTestFinished(async () => peer.close())
  const file = { host: '127.0.0.1', port: peer.port, fromFeeds: ['default'] }
  const destination = readDestination('clinic', { ...file, messages: ['DiagnosticReport.ORU_R01'] })
  const out = { rules: (await createMapper(MAPPINGS)).outbound, destinations: [destination] }
  const engine = await engineOn(await freshStore(), { ackAt: 'committed' }, { out })
  await new Sender(engine.port).send(report({ id: 'R1', content }))

  expect(await got.promise).toContain(`|^AP^PDF^Base64^${content.toString('base64')}|`)
  const { outbox } = engine.outbound
  await expect
    .poll(async () => (await outbox.list('clinic', { limit: 1 }))[0]?.message.state)
    .toBe('answered')
  const [sent] = await outbox.list('clinic', { limit: 1 })
  expect(sent?.message.text).toBe('')
  await engine.outbound.retry(sent?.id ?? '')
  await expect.poll(async () => (await outbox.list('clinic', { limit: 1 }))[0]?.message.attempts).toBe(2)
})

it('keeps texts and files of a document apart, and leaves both when a notice carries none', async () => {
  const { engine, sender } = await start()
  const message = document({ id: 'N1', content: Buffer.from('%PDF-1.4') })
  expect(await sender.send(`${message}OBX|3||8251-1^Remark^LN||of no type||||||F\r`)).toContain('MSA|AA')
  const notice = message
    .replace(/\rOBX.*/s, '\r')
    .replaceAll('T02', 'T11')
    .replace('|N1|', '|N2|')
  expect(await sender.send(notice.replaceAll('103000', '104000'))).toContain('MSA|AA')
  const [found] = await engine.all('DocumentReference')
  const content = attachmentsOf(found).map((attachment) => [
    attachment['contentType'],
    Buffer.from(textAt(attachment, 'data'), 'base64').toString(),
  ])
  expect(found?.['status']).toBe('entered-in-error')
  expect(content).toEqual([
    ['text/plain', 'short\nof no type'],
    ['application/pdf', '%PDF-1.4'],
  ])
})

const silent = (text: string) => text.replace('LA||AV', 'LA')

it('brings no document back by a change of it that was replaced or cancelled, unless the change says so', async () => {
  const { engine, sender } = await start()
  const send = async (event: string, minute: number, change: (text: string) => string = (text) => text) => {
    const text = document({ id: `${event}${minute}`, content: Buffer.from('%PDF-1.4') })
    const message = text.replaceAll('T02', event).replaceAll('103000', `10${minute}00`)
    expect(await sender.send(change(message))).toContain('MSA|AA')
  }
  const states = async () =>
    (await engine.all('DocumentReference'))
      .map((one) => `${textAt(one['masterIdentifier'] as JsonObject, 'value')} ${textAt(one, 'status')}`)
      .toSorted()
  await send('T02', 30)
  await send('T10', 31, (text) => text.replace('DOC1^HIS|', 'DOC2^HIS|DOC1^HIS'))
  await send('T04', 32, silent)
  expect(await states()).toEqual(['DOC1 superseded', 'DOC2 current'])
  await send('T11', 33)
  await send('T08', 34, silent)
  expect(await states()).toEqual(['DOC1 entered-in-error', 'DOC2 current'])
  await send('T08', 35)
  expect(await states()).toEqual(['DOC1 current', 'DOC2 current'])
})

const notice = (event: string, [time, txa, text = '']: readonly string[]) =>
  [
    `MSH|^~\\&|DOCS|NORTH|HUB|MOGRAN|20261123${time}||MDM^${event}|N${time}|P|2.5.1`,
    `EVN||20261123${time}`,
    'PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F',
    `PV1|1|I|W1^05^A${'|'.repeat(16)}V4711^^^NORTH^VN`,
    `TXA|1|DS|TX|${'|'.repeat(8)}${txa}`,
    text && `OBX|1|TX|DS||${text}||||||F`,
    '',
  ].join('\r')

it.each([
  ['a change of it', notice('T03', ['1100', 'D1|||||AU||AV']), { status: 'current', docStatus: 'final' }],
  ['its cancel', notice('T11', ['1100', 'D1|||||AU||CA']), { status: 'entered-in-error' }],
  ['what replaces it', notice('T10', ['1100', 'D2|D1', 'new']), { status: 'superseded' }],
  ['a later text', notice('T08', ['1100', 'D1', 'new']), { content: [{ attachment: { data: 'bmV3' } }] }],
])('keeps the text of a document that comes behind %s', async (_, later, like) => {
  const { engine, sender } = await start()
  const text = notice('T02', ['1000', 'D1', 'text'])
  for (const message of [later, text]) expect(await sender.send(message)).toContain('MSA|AA')
  const found = await engine.all('DocumentReference')
  expect(
    found.filter(({ masterIdentifier }) => textAt(masterIdentifier as JsonObject, 'value') === 'D1'),
  ).toMatchObject([
    { type: { coding: [{ code: 'DS' }] }, content: [{ attachment: { data: 'dGV4dA==' } }], ...like },
  ])
})
