import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { HUB_FLAGS } from './hub-process.ts'
import { start, type Started } from './process.ts'

const HUB = new URL('../src/main.ts', import.meta.url)
const CLIENT = 'bench:0123456789abcdefghij'
export const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url))

/** A hub as `npm start` starts it, on a fresh folder, whose evaluation feed takes messages of 64 MiB. */
export interface Hl7Hub extends Started {
  readonly folder: string
  readonly mllp: number
  /** Calls the interoperability API. */
  command(path: string, body?: object): Promise<unknown>
  /** @returns the answer's text, which must be a success */
  post(path: string, body: string): Promise<string>
  /** Messages that have come to rest: committed or dead. */
  settled(): Promise<number>
  /** Until as many are at rest. */
  reach(count: number): Promise<void>
  /** What the hub's own metrics tell of its memory. */
  memory(): Promise<{ readonly heapMegabytes: number; readonly externalMegabytes: number }>
}

export async function startHl7Hub(): Promise<Hl7Hub> {
  const folder = mkdtempSync(join(tmpdir(), 'mogran-bench-hl7-'))
  const mappings = join(folder, 'mappings')
  cpSync(MAPPINGS, mappings, { recursive: true })
  const feed = join(mappings, 'feeds', 'default.yaml')
  writeFileSync(feed, `${readFileSync(feed, 'utf8')}\nframeBytes: 67108864\n`)
  const hub = await start(HUB, {
    flags: HUB_FLAGS,
    env: {
      MALLOC_MMAP_THRESHOLD_: '1048576',
      HUB_DATA: join(folder, 'data'),
      HUB_MAPPINGS: mappings,
      HUB_HTTP_PORT: '0',
      HUB_MLLP_PORT: '0',
      HUB_MQTT_PORT: '0',
      HUB_DEMO: 'off',
      HUB_BOOTSTRAP_CLIENT: CLIENT,
      HUB_LOG_LEVEL: 'error',
    },
  })
  return {
    ...hub,
    ...(await clientOf(hub)),
    folder,
    mllp: Number(hub.ready['mllp']),
    stop: stopOf(hub, folder),
  }
}

function stopOf(hub: Started, folder: string): Started['stop'] {
  return async () => {
    await hub.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function clientOf(
  hub: Started,
): Promise<Pick<Hl7Hub, 'command' | 'post' | 'settled' | 'reach' | 'memory'>> {
  const http = String(hub.ready['http'])
  let [token, until] = ['', 0]
  const authorised = async (): Promise<string> => {
    if (Date.now() < until) return token
    const answer = await fetch(`${http}/auth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(CLIENT).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    ;({ access_token: token } = (await answer.json()) as { access_token: string })
    until = Date.now() + 5 * 60_000
    return token
  }
  const ask = async (path: string, type: string, body?: string): Promise<string> => {
    const response = await fetch(http + path, {
      headers: { authorization: `Bearer ${await authorised()}`, 'content-type': type },
      ...(body !== undefined && { method: 'POST', body }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${text.slice(0, 600)}`)
    return text
  }
  const command: Hl7Hub['command'] = async (path, body) =>
    JSON.parse(await ask(`/api/v1/interop${path}`, 'application/json', body && JSON.stringify(body)))
  const settled = async (): Promise<number> => {
    const { messages } = (await command('/statistics')) as { messages: Readonly<Record<string, number>> }
    return (messages['committed'] ?? 0) + (messages['dead'] ?? 0)
  }
  const reach = async (count: number): Promise<void> => {
    while ((await settled()) < count) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const memory = async () => {
    const text = await ask('/metrics', 'text/plain')
    const megabytes = (name: string) =>
      Math.round(Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0) / 2 ** 20)
    return {
      heapMegabytes: megabytes('nodejs_heap_size_used_bytes'),
      externalMegabytes: megabytes('nodejs_external_memory_bytes'),
    }
  }
  return {
    command,
    settled,
    reach,
    memory,
    post: async (path, body) => ask(path, 'application/fhir+json', body),
  }
}
