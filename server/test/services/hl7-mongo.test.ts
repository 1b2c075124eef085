import { createHash, randomBytes } from 'node:crypto'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { Feeds } from '../../src/hl7/feeds.contract.ts'
import { freshDatabase } from '../database.ts'
import { freshFolder, removeFolder, startHub, type Hub } from '../flows/hub.ts'
import { admit, MAPPINGS, Sender } from '../flows/interface-engine.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const address = await mongoUrl()
const DEFAULT = await readFile(join(MAPPINGS, 'feeds', 'default.yaml'), 'utf8')
const LONG = { timeout: 90_000 }

async function freshUrl(): Promise<string> {
  const url = new URL(address)
  const database = freshDatabase()
  url.pathname = `/${database}`
  onTestFinished(async () => dropDatabase(address, database))
  return url.href
}

/** A hub with settings of its own on a database. */
async function hubOn(url: string, files: Readonly<Record<string, string>> = {}) {
  const [data, mappings] = [await freshFolder(), await freshFolder()]
  await cp(MAPPINGS, mappings, { recursive: true, filter: (path) => !path.endsWith('tests') })
  for (const [name, text] of Object.entries(files)) await writeFile(join(mappings, name), text)
  const hub = await startHub({ data, env: { MONGODB_URL: url, HUB_MAPPINGS: mappings } })
  onTestFinished(async () => {
    await hub.kill()
    await removeFolder(data)
    await removeFolder(mappings)
  })
  const feeds = async () => Feeds.parse(await hub.json('/api/v1/interop/feeds')).feeds
  return {
    hub,
    remove: async (name: string) => rm(join(mappings, name)),
    names: async () => (await feeds()).map(({ name }) => name),
    portOf: async (name: string) => (await feeds()).find((feed) => feed.name === name)?.port ?? 0,
  }
}

function document(kind: 'MDM' | 'ORU', id: string, content: Buffer): string {
  const isReport = kind === 'ORU'
  const event = isReport ? 'ORU^R01^ORU_R01' : 'MDM^T02^MDM_T02'
  return [
    `MSH|^~\\&|DOCS|NORTH|HUB|MOGRAN|20261123103000+0000||${event}|${id}|P|2.5.1`,
    ...(isReport ? [] : ['EVN|T02|20261123103000+0000']),
    'PID|1||4711^^^NORTH^MR||Salih^Nadia||19870402|F',
    ...(isReport
      ? [
          'OBR|1|P1^NORTH|F1^LAB|24323-8^Metabolic panel^LN|||20261123102000+0000|||||||||||||||20261123102900+0000||LAB|F',
        ]
      : ['PV1|1|I|W1', 'TXA|1|DS^Discharge summary|AP|20261123100000+0000||||||||DOC1^HIS|||||LA||AV']),
    `OBX|1|ED|11502-2^Report^LN||^Application^PDF^Base64^${content.toString('base64')}||||||F`,
    '',
  ].join('\r')
}

const totalOf = async (hub: Hub, type: string) =>
  (await hub.json<{ total: number }>(`/fhir/${type}?_summary=count`)).total

it.each(['MDM', 'ORU'] as const)(
  'keeps a large document of %s beside its record on MongoDB, byte for byte, once',
  async (kind) => {
    const { hub, portOf } = await hubOn(await freshUrl(), {
      'feeds/docs.yaml': `${DEFAULT}\nframeBytes: 33554432\nackAt: committed\nport: 0\n`,
    })
    const sender = new Sender(await portOf('docs'))
    const content = randomBytes(12 * 1024 * 1024)
    expect(await sender.send(document(kind, 'D1', content))).toContain('MSA|AA|D1')
    expect(await sender.send(document(kind, 'D2', content))).toContain('MSA|AA|D2')
    expect(await totalOf(hub, 'Binary')).toBe(1)

    const type = kind === 'MDM' ? 'DocumentReference' : 'DiagnosticReport'
    const text = await (await hub.ask(`/fhir/${type}`)).text()
    const url = /Binary\/[\w-]+/.exec(text)?.[0] ?? ''
    expect(text).toContain(createHash('sha1').update(content).digest('base64'))
    const raw = await hub.ask(`/fhir/${url}`, { headers: { accept: 'application/pdf' } })
    expect(content.equals(Buffer.from(await raw.arrayBuffer()))).toBe(true)

    expect((await hub.ask(`/fhir/${url}`, { method: 'DELETE' })).status).toBe(204)
    expect((await hub.ask(`/fhir/${url}`)).status).toBe(410)
    const kept = await hub.ask(`/fhir/${url}/_history/1`, { headers: { accept: 'application/pdf' } })
    expect(content.equals(Buffer.from(await kept.arrayBuffer()))).toBe(true)
  },
  180_000,
)

it('processes a feed whose file one process has lost by the other one, until that one has lost it, too', async () => {
  const url = await freshUrl()
  const files = { 'feeds/east.yaml': `${DEFAULT}\nport: 0\n` }
  const [first, second] = [await hubOn(url, files), await hubOn(url, files)]
  const left = new Sender(await first.portOf('east'))
  expect(await left.send(admit({ id: 'E1', mrn: '1' }))).toContain('MSA|AA|E1')

  await first.remove('feeds/east.yaml')
  await expect.poll(first.names, LONG).toEqual(['default'])
  await left.closed()
  expect(await new Sender(await second.portOf('east')).send(admit({ id: 'E2', mrn: '2' }))).toContain(
    'MSA|AA|E2',
  )
  await expect.poll(async () => totalOf(first.hub, 'Patient'), LONG).toBe(2)

  await second.remove('feeds/east.yaml')
  await expect.poll(second.names, LONG).toEqual(['default'])
}, 240_000)
