import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = new URL('../../src/main.ts', import.meta.url)
export const CLIENT = 'tests:0123456789abcdefghij'

/** A whole hub: a process of its own on free ports, on the embedded store unless the environment says otherwise. */
export interface Hub {
  readonly http: string
  readonly mllp: number
  readonly mqtt: number
  readonly pid: number
  readonly token: string
  /** `path` below the hub's address, as the bootstrap client. */
  ask(path: string, init?: RequestInit): Promise<Response>
  /** The same, and its JSON. */
  json<T>(path: string, init?: RequestInit): Promise<T>
  kill(): Promise<void>
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>
}

export interface HubOptions {
  readonly data: string
  readonly env?: Readonly<Record<string, string>>
  /** A command that becomes the hub, such as that of a tracer that watches it. */
  readonly under?: readonly string[]
}

export async function freshFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'mogran-test-'))
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

/** @throws Error with the exit code and what the process wrote to standard error when it does not get ready */
export async function startHub({ data, env = {}, under = [] }: HubOptions): Promise<Hub> {
  const child = spawnHub(data, env, under)
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const gone = once(child, 'exit') as Promise<[number | null]>
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), gone])
  if (typeof first[0] !== 'string') throw new Error(`the hub ended with ${String(first[0])}: ${complaint}`)
  const ready = JSON.parse(first[0]) as {
    readonly http: string
    readonly mllp: number
    readonly mqtt: number
  }
  const token = await tokenFor(ready.http)
  const ask = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`)
    if (init.body !== undefined && !headers.has('content-type'))
      headers.set('content-type', 'application/fhir+json')
    return fetch(`${ready.http}${path}`, { ...init, headers })
  }
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const [code] = await gone
    return code
  }
  return {
    ...ready,
    pid: child.pid ?? 0,
    token,
    ask,
    json: async <T>(path: string, init?: RequestInit) => (await ask(path, init)).json() as Promise<T>,
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  }
}

/** For starts that are meant to fail. */
export async function exitOf({
  data,
  env = {},
}: HubOptions): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawnHub(data, env)
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return { code, said }
}

function spawnHub(data: string, env: Readonly<Record<string, string>>, under: readonly string[] = []) {
  const [command, ...args] = [...under, process.execPath, MAIN.pathname]
  return spawn(command, args, {
    env: {
      PATH: process.env['PATH'],
      HUB_DATA: data,
      HUB_HTTP_PORT: '0',
      HUB_MLLP_PORT: '0',
      HUB_MQTT_PORT: '0',
      HUB_DEMO: 'off',
      HUB_LOG_LEVEL: 'warn',
      HUB_BOOTSTRAP_CLIENT: CLIENT,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function tokenFor(http: string): Promise<string> {
  const answer = await fetch(`${http}/auth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(CLIENT).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const body = (await answer.json()) as { access_token?: string }
  if (body.access_token === undefined) throw new Error(`no token: ${answer.status}`)
  return body.access_token
}
