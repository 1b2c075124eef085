import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { beforeAll, expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { MessageBuilder } from '../../src/hl7/message/message-builder.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { OutboundRules } from '../../src/hl7/outbound/outbound-rules.ts'
import { admit, engineOn, startEngine, type Engine } from '../flows/interface-engine.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'

const run = promisify(execFile)
const PEERS = fileURLToPath(new URL('peers', import.meta.url))
const HOME = join(tmpdir(), 'hub-hl7-peers')
const PYTHON = join(HOME, 'venv/bin/python')
const JARS = ['hapi-base', 'hapi-structures-v251', 'hapi-structures-v25'].map(
  (name) => `ca.uhn.hapi:${name}:2.6.0`,
)

/** How each peer is started; its arguments follow. */
const COMMANDS = {
  'hl7 of Python': [PYTHON, join(PEERS, 'python_hl7.py')],
  hl7apy: [PYTHON, join(PEERS, 'python_hl7apy.py')],
  'HAPI HL7v2': ['java', '-cp', join(HOME, 'jars/*'), join(PEERS, 'HapiPeer.java')],
} as const

beforeAll(async () => {
  await mkdir(join(HOME, 'jars'), { recursive: true })
  await run('python3', ['-m', 'venv', join(HOME, 'venv')])
  await run(PYTHON, ['-m', 'pip', 'install', '--quiet', 'hl7==0.4.5', 'hl7apy==1.3.5'])
  await writeFile(join(HOME, 'pom.xml'), pom())
  const target = `-DoutputDirectory=${join(HOME, 'jars')}`
  await run('mvn', ['-q', '-B', '-f', join(HOME, 'pom.xml'), 'dependency:copy-dependencies', target])
}, 280_000)

it.each(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])(
  'takes what %s sends, and answers so that it understands',
  async (name) => {
    const engine = await startEngine({ ackAt: 'committed' })
    const file = join(await freshFolder(), 'messages.txt')
    const ids = Array.from({ length: 10 }, (_, at) => `P${at}`)
    const messages = ids.map((id, at) =>
      admit({ id, mrn: String(7000 + at), name: 'Müller^José' }).replace(
        '|2.5.1\r',
        '|2.5.1||||||UNICODE UTF-8\r',
      ),
    )
    await writeFile(file, messages.map((message) => message.trim()).join('\n'))
    const [command, ...words] = COMMANDS[name]
    const { stdout } = await run(command, [...words, 'send', String(engine.port), file])
    expect(stdout.trim().split('\n')).toEqual(ids.map((id) => `AA ${id}`))
    const patients = await engine.all('Patient')
    expect(patients).toHaveLength(10)
    expect(patients[0]).toMatchObject({ name: [{ family: 'Müller', given: ['José'] }] })
  },
)

it.each(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])(
  'sends to %s, and understands its acknowledgements',
  async (name) => {
    const port = await freePort()
    const [command, ...words] = COMMANDS[name]
    const child = spawn(command, [...words, 'receive', String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const got: string[] = []
    const lines = createInterface(child.stdout)
    await once(lines, 'line')
    lines.on('line', (line) => got.push(line))
    const destination = readDestination('peer', {
      host: '127.0.0.1',
      port,
      messages: ['Person'],
      ackSeconds: 5,
    })
    const engine = await engineOn(await freshStore(), {}, { out: { rules, destinations: [destination] } })
    for (const mrn of ['1', '2', '3']) await person(engine, mrn)
    const states = async () =>
      (await engine.outbound.outbox.list('peer', { limit: 10 })).map(
        ({ message }) => `${message.state} ${message.code ?? ''}`,
      )
    await expect.poll(states, { timeout: 20_000 }).toEqual(['answered AA', 'answered AA', 'answered AA'])
    expect(got.map((line) => line.split('^')[0])).toEqual(['1', '2', '3'])
  },
)

const rules: OutboundRules = {
  definitions: new Map([['Person', { type: 'Patient' }]]),
  laidOver: () => rules,
  build: ({ resource, controlId, header }) => {
    const builder = new MessageBuilder()
    builder.add('MSH')
    builder
      .set('MSH-3', header.sendingApplication)
      .set('MSH-7', '20260101000000')
      .setRaw('MSH-9', 'ADT^A08^ADT_A01')
    builder.set('MSH-10', controlId).set('MSH-11', 'P').set('MSH-12', header.version)
    builder.add('EVN')
    builder.set('EVN-2', '20260101000000')
    builder.add('PID')
    builder.set('PID-3.1', resource['id'] as string).set('PID-5.1', 'Own')
    builder.add('PV1')
    builder.set('PV1-2', 'I')
    return Promise.resolve(builder.toString())
  },
}

async function person(engine: Engine, id: string): Promise<void> {
  const resource = { resourceType: 'Patient', id, name: [{ family: 'Own' }] }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'Patient', id, method: 'PUT', resource }],
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return address !== null && typeof address === 'object' ? address.port : 0
}

function pom(): string {
  const dependencies = [...JARS, 'org.slf4j:slf4j-nop:1.7.36'].map((artifact) => {
    const [group, name, version] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  })
  return `<project><modelVersion>4.0.0</modelVersion><groupId>peers</groupId><artifactId>peers</artifactId><version>1</version>
<dependencies>${dependencies.join('')}</dependencies></project>`
}
