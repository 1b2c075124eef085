import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { start, type Started } from './process.ts'

const HUB = new URL('../src/main.ts', import.meta.url)
const BARE = new URL('bare.ts', import.meta.url)
const CLIENT = 'bench:0123456789abcdefghij'

/** As `npm start` has them. */
export const HUB_FLAGS: readonly string[] = ['--min-semi-space-size=4', '--max-semi-space-size=32']

/** A hub on a fresh folder, as it is shipped: authentication, audit and synced writes are on. */
export interface FreshHub extends Started {
  readonly folder: string
  readonly token: string
  readonly http: string
  /** A request that must succeed. @returns the body */
  ask(path: string, init?: { readonly method: string; readonly body: string }): Promise<string>
}

export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), 'mogran-bench-'))
}

export function startHub(folder: string): Promise<Started> {
  return start(HUB, {
    flags: HUB_FLAGS,
    env: {
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
      MALLOC_MMAP_THRESHOLD_: '1048576',
      HUB_DATA: folder,
      HUB_HTTP_PORT: '0',
      HUB_MLLP_PORT: '0',
      HUB_MQTT_PORT: '0',
      HUB_DEMO: 'off',
      HUB_BOOTSTRAP_CLIENT: CLIENT,
      HUB_LOG_LEVEL: 'warn',
    },
  })
}

/** Runs the work with a fresh hub and removes both afterwards. */
export async function withFreshHub<T>(work: (hub: FreshHub) => Promise<T>): Promise<T> {
  const folder = freshFolder()
  const started = await startHub(folder)
  try {
    const http = String(started.ready['http'])
    const token = await tokenOf(http)
    const ask: FreshHub['ask'] = async (path, init) => {
      // Packed by nobody, as for the senders that it is compared with.
      const plain = { 'content-type': 'application/fhir+json', 'accept-encoding': 'identity' }
      const headers = { authorization: `Bearer ${token}`, ...plain }
      const answer = await fetch(`${http}${path}`, { ...init, headers })
      const body = await answer.text()
      if (!answer.ok) throw new Error(`${path}: ${String(answer.status)} ${body.slice(0, 600)}`)
      return body
    }
    return await work({ ...started, folder, token, http, ask })
  } finally {
    await started.stop()
    rmSync(folder, { recursive: true })
  }
}

/** Runs the work with a bare Fastify that serves these bodies. */
export async function withBare<T>(
  bodies: Readonly<Record<string, string>>,
  work: (bare: Started) => Promise<T>,
): Promise<T> {
  const folder = freshFolder()
  const file = join(folder, 'bodies.json')
  writeFileSync(file, JSON.stringify(bodies))
  const bare = await start(BARE, { words: [file] })
  try {
    return await work(bare)
  } finally {
    await bare.stop()
    rmSync(folder, { recursive: true })
  }
}

async function tokenOf(http: string): Promise<string> {
  const answer = await fetch(`${http}/auth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(CLIENT).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return token
}
