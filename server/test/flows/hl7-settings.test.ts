import { once } from 'node:events'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { Feeds, Statistics } from '../../src/hl7/feeds.contract.ts'
import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { Destinations, OutDetail, OutList, Retried } from '../../src/hl7/outbound.contract.ts'
import { freePort } from '../free-port.ts'
import { freshFolder, removeFolder, startHub, type Hub } from './hub.ts'
import { admit, MAPPINGS, Sender } from './interface-engine.ts'

const SOON = { timeout: 20_000 }
const DEFAULT = await readFile(join(MAPPINGS, 'feeds', 'default.yaml'), 'utf8')
/** A feed as the default one, with some keys more. */
const feedFile = (keys: string) => `${DEFAULT}\n${keys}\n`

/** A hub whose settings are in a folder of its own. */
async function hubWith(files: Readonly<Record<string, string>> = {}) {
  const [data, mappings] = [await freshFolder(), await freshFolder()]
  await cp(MAPPINGS, mappings, { recursive: true, filter: (path) => !path.endsWith('tests') })
  await mkdir(join(mappings, 'destinations'))
  const write = async (name: string, text: string) => writeFile(join(mappings, name), text)
  const remove = async (name: string) => rm(join(mappings, name))
  for (const [name, text] of Object.entries(files)) await write(name, text)
  const start = async () => {
    const hub = await startHub({ data, env: { HUB_MAPPINGS: mappings } })
    onTestFinished(() => hub.kill())
    return hub
  }
  onTestFinished(async () => {
    await removeFolder(data)
    await removeFolder(mappings)
  })
  return { hub: await start(), start, write, remove }
}

const feedsOf = async (hub: Hub) => Feeds.parse(await hub.json('/api/v1/interop/feeds')).feeds
const portOf = async (hub: Hub, name: string) => (await feedsOf(hub)).find((feed) => feed.name === name)?.port
const problemsOf = async (hub: Hub) =>
  Statistics.parse(await hub.json('/api/v1/interop/statistics')).rules.problems
const destinationsOf = async (hub: Hub) =>
  Destinations.parse(await hub.json('/api/v1/interop/destinations')).destinations
const command = async (hub: Hub, path: string, body: object = {}) =>
  hub.ask(`/api/v1/interop${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

it('opens the port of a new feed, moves it, and closes it, while connections get their answers', async () => {
  const { hub, write, remove } = await hubWith()
  const [first, second] = [await freePort(), await freePort()]
  await write('feeds/east.yaml', feedFile(`port: ${first}`))
  await expect.poll(() => portOf(hub, 'east'), SOON).toBe(first)
  const before = new Sender(first)
  expect(await before.send(admit({ id: 'E1' }))).toContain('MSA|AA|E1')

  await write('feeds/east.yaml', feedFile(`port: ${second}\nackAt: committed`))
  await expect.poll(() => portOf(hub, 'east'), SOON).toBe(second)
  await before.closed()
  expect(await new Sender(second).send(admit({ id: 'E2' }))).toContain('MSA|AA|E2')
  // The feed that did not change was not disturbed.
  expect((await feedsOf(hub)).find(({ name }) => name === 'default')?.wire['accepted']).toBe(0)

  await remove('feeds/east.yaml')
  await expect.poll(async () => (await feedsOf(hub)).map(({ name }) => name), SOON).toEqual(['default'])
  await expect(new Sender(second).send(admit({ id: 'E3' }))).rejects.toThrow('closed')
}, 60_000)

it('says of a feed without a port that its folder is watched', async () => {
  const folder = await freshFolder()
  onTestFinished(() => removeFolder(folder))
  const { hub } = await hubWith({ 'feeds/night.yaml': feedFile(`files: { folder: ${folder} }`) })
  const state = async () => (await feedsOf(hub)).find(({ name }) => name === 'night')?.state
  await expect.poll(state, SOON).toBe('watching')
  await command(hub, '/feeds/night/mode', { mode: 'stopped' })
  await expect.poll(state, SOON).toBe('closed')
}, 60_000)

it('answers by other settings of a feed without closing its connections', async () => {
  const port = await freePort()
  const { hub, write } = await hubWith({ 'feeds/east.yaml': feedFile(`port: ${port}`) })
  const sender = new Sender(port)
  expect(await sender.send(admit({ id: 'T1' }))).toContain('MSA|AA|T1')
  await write('feeds/east.yaml', feedFile(`port: ${port}\nackMode: enhanced`))
  await expect.poll(() => sender.send(admit({ id: `T${Date.now()}` })), SOON).toContain('MSA|CA|T')
  expect((await feedsOf(hub)).find(({ name }) => name === 'east')?.wire['accepted']).toBe(1)
}, 60_000)

it('keeps everything as it was while a setting is wrong, and says which', async () => {
  const { write, remove, start, ...own } = await hubWith()
  let { hub } = own
  const port = await freePort()
  for (const [file, text, problem] of [
    [
      'feeds/east.yaml',
      feedFile(`port: ${port}\ntls: { cert: nowhere.pem, key: ${MAPPINGS}/feeds/default.yaml }`),
      /tls\.cert/,
    ],
    ['destinations/lab.yaml', 'host: 127.0.0.1\nport: 1\nmessages: [Nothing]\n', /no rules "Nothing"/],
  ] as const) {
    await write(file, text)
    await expect.poll(() => problemsOf(hub), SOON).toEqual([expect.stringMatching(problem)])
    expect((await feedsOf(hub)).map(({ name }) => name)).toEqual(['default'])
    expect(await destinationsOf(hub)).toEqual([])
    await remove(file)
    await expect.poll(() => problemsOf(hub), SOON).toEqual([])
  }
  // A port that somebody else has is no reason to refuse the rest; it is tried again.
  const squatter = createServer().listen(port, '127.0.0.1')
  await once(squatter, 'listening')
  await write('feeds/east.yaml', feedFile(`port: ${port}`))
  const east = async () => (await feedsOf(hub)).find(({ name }) => name === 'east')
  await expect.poll(async () => (await east())?.problem, SOON).toMatch(/Another program has .*EADDRINUSE/)
  expect(await problemsOf(hub)).toEqual([])
  expect(await new Sender(hub.mllp).send(admit())).toContain('MSA|AA|A1')
  for (const mode of ['paused', 'running'])
    expect((await command(hub, '/feeds/default/mode', { mode })).status).toBe(200)
  // Nor is it one for a hub that starts.
  await hub.stop()
  hub = await start()
  expect((await east())?.problem).toMatch(/EADDRINUSE/)
  expect(await new Sender(hub.mllp).send(admit({ id: 'A2' }))).toContain('MSA|AA|A2')
  squatter.close()
  await expect.poll(async () => (await east())?.state, SOON).toBe('listening')
  expect((await east())?.problem).toBeUndefined()
}, 120_000)

it('keeps over a restart which feeds and destinations a person has stopped or paused', async () => {
  const files = { 'destinations/lab.yaml': 'host: 127.0.0.1\nport: 1\nmessages: [Patient.ADT]\n' }
  const { hub, start } = await hubWith(files)
  expect((await command(hub, '/feeds/default/mode', { mode: 'stopped' })).status).toBe(200)
  expect((await command(hub, '/destinations/lab/mode', { mode: 'paused' })).status).toBe(200)
  await hub.stop()
  const again = await start()
  expect(await feedsOf(again)).toMatchObject([{ name: 'default', mode: 'stopped', state: 'closed' }])
  expect(await destinationsOf(again)).toMatchObject([{ name: 'lab', mode: 'paused' }])
  await command(again, '/feeds/default/mode', { mode: 'running' })
  expect(await portOf(again, 'default')).toBeGreaterThan(0)
}, 60_000)

it('shows what waits for a paused feed whose file is gone, and sets it aside when the feed is run', async () => {
  const { hub, write, remove } = await hubWith({ 'feeds/east.yaml': feedFile('port: 0') })
  const east = async () => (await feedsOf(hub)).find(({ name }) => name === 'east')
  await command(hub, '/feeds/east/mode', { mode: 'paused' })
  expect(await new Sender((await portOf(hub, 'east')) ?? 0).send(admit())).toContain('MSA|AA|A1')
  await remove('feeds/east.yaml')
  const gone = {
    mode: 'paused',
    state: 'closed',
    waiting: { count: 1 },
    problem: expect.stringMatching(/gone/),
  }
  await expect.poll(east, SOON).toMatchObject(gone)
  // Who puts the file back finds everything as it was.
  await write('feeds/east.yaml', feedFile('port: 0'))
  await expect.poll(east, SOON).toMatchObject({ mode: 'paused', state: 'listening', waiting: { count: 1 } })
  expect((await east())?.problem).toBeUndefined()
  await remove('feeds/east.yaml')
  await expect.poll(east, SOON).toMatchObject(gone)
  expect((await command(hub, '/feeds/east/mode', { mode: 'running' })).status).toBe(200)
  await expect.poll(east, SOON).toBeUndefined()
  const dead = async () => hub.json('/api/v1/interop/messages?state=dead')
  await expect.poll(dead, SOON).toMatchObject({ messages: [{ feed: 'east', state: 'dead' }] })
}, 60_000)

/** A laboratory that says what it is told to. */
async function startLaboratory(say: { code: string }) {
  const got: string[] = []
  const peer = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: 1024 * 1024,
    receive: async (frame) => {
      const text = frame.toString()
      const id = text.split('|')[9] ?? ''
      got.push(/\rPID\|.*?\|4711-(\d+)\^/.exec(text)?.[1] ?? '')
      return Promise.resolve(
        Buffer.from(`MSH|^~\\&|LAB||HUB||2026||ACK|1|P|2.5.1\rMSA|${say.code}|${id}|Müller\r`),
      )
    },
    refuse: () => Promise.resolve(undefined),
  })
  onTestFinished(() => peer.close())
  return { port: peer.port, got }
}

const labFile = (port: number, lanes = 1) =>
  `host: 127.0.0.1\nport: ${port}\nmessages: [Patient.ADT]\nlanes: ${lanes}\nackSeconds: 2\n`

const register = async (hub: Hub, number: number) => {
  const identifier = [{ system: 'urn:n', value: `4711-${number}`, type: { coding: [{ code: 'MR' }] } }]
  const body = JSON.stringify({ resourceType: 'Patient', identifier, name: [{ family: 'Osman' }] })
  expect((await hub.ask('/fhir/Patient', { method: 'POST', body })).status).toBe(201)
}

it('sends to a destination from when its file is there, by other settings when they change, and shows how it is', async () => {
  const { hub, write } = await hubWith()
  await register(hub, 1)
  const say = { code: 'AE' }
  const lab = await startLaboratory(say)
  await write('destinations/lab.yaml', labFile(lab.port))
  await expect.poll(async () => (await destinationsOf(hub)).length, SOON).toBe(1)
  await register(hub, 2)
  const dead = { dead: { count: 1, isMore: false }, waiting: { count: 0 }, lastAnswer: { code: 'AE' } }
  await expect
    .poll(() => destinationsOf(hub), SOON)
    .toMatchObject([{ name: 'lab', mode: 'running', ...dead }])
  const list = OutList.parse(await hub.json('/api/v1/interop/outbound?destination=lab&state=dead'))
  const detail = OutDetail.parse(
    await hub.json(`/api/v1/interop/outbound/${encodeURIComponent(list.messages[0]?.id ?? '')}`),
  )
  expect(detail).toMatchObject({ state: 'dead', code: 'AE', reason: expect.stringContaining('AE') })
  expect(detail.answer).toContain('Müller')

  // The laboratory moves while messages wait; more connections are opened, too.
  say.code = 'AA'
  await command(hub, '/destinations/lab/mode', { mode: 'paused' })
  for (const number of [3, 4, 5]) await register(hub, number)
  await expect.poll(async () => (await destinationsOf(hub))[0]?.waiting.count, SOON).toBe(3)
  const moved = await startLaboratory(say)
  await write('destinations/lab.yaml', labFile(moved.port, 4))
  await expect.poll(async () => (await destinationsOf(hub))[0]?.address, SOON).toContain(String(moved.port))
  await command(hub, '/destinations/lab/mode', { mode: 'running' })
  await expect.poll(() => moved.got.toSorted(), SOON).toEqual(['3', '4', '5'])
  expect(Retried.parse(await (await command(hub, '/destinations/lab/retry')).json())).toEqual({
    count: 1,
    isMore: false,
  })
  await expect.poll(() => moved.got.at(-1), SOON).toBe('2')
  await expect
    .poll(() => destinationsOf(hub), SOON)
    .toMatchObject([{ dead: { count: 0 }, waiting: { count: 0 }, sent: { perHour: 4 }, failures: 0 }])
  expect((await destinationsOf(hub))[0]?.lastError).toBeUndefined()
  // What was committed before there was a destination was not sent.
  expect(lab.got).toEqual(['2'])
}, 120_000)

it('shows what waits for a destination whose file is gone, and lets it be cancelled', async () => {
  const file = 'host: 127.0.0.1\nport: 1\nmessages: [Patient.ADT]\n'
  const { hub, remove } = await hubWith({ 'destinations/lab.yaml': file })
  await command(hub, '/destinations/lab/mode', { mode: 'paused' })
  await register(hub, 1)
  await expect.poll(() => destinationsOf(hub), SOON).toMatchObject([{ name: 'lab', waiting: { count: 1 } }])
  await remove('destinations/lab.yaml')
  const gone = { name: 'lab', address: '', waiting: { count: 1 }, reason: expect.stringMatching(/gone/) }
  await expect.poll(() => destinationsOf(hub), SOON).toMatchObject([gone])
  const list = OutList.parse(await hub.json('/api/v1/interop/outbound?destination=lab'))
  expect(list.messages).toMatchObject([{ state: 'queued' }])
  await command(hub, `/outbound/${encodeURIComponent(list.messages[0]?.id ?? '')}/cancel`)
  await expect.poll(() => destinationsOf(hub), SOON).toEqual([])
}, 60_000)
