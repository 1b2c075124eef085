import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { MongoClient } from 'mongodb'

/** Address of the server for the suites: `MONGODB_URL`, or the stand-in that `scripts/services/mongo` installs and starts. */
export async function mongoUrl(): Promise<string> {
  const given = process.env['MONGODB_URL']
  if (given !== undefined) return given
  const script = fileURLToPath(new URL('../../../scripts/services/mongo', import.meta.url))
  const starting = spawn('bash', [script, 'up'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = Promise.all([text(starting.stdout), text(starting.stderr)])
  const [code] = (await once(starting, 'exit')) as [number]
  const [url, problems] = await output
  if (code !== 0) throw new Error(`scripts/services/mongo up failed: ${url}${problems}`)
  return url.trim().split('\n').at(-1) ?? ''
}

export async function dropDatabase(url: string, name: string): Promise<void> {
  const client = new MongoClient(url, { retryWrites: false })
  await client.db(name).dropDatabase()
  await client.close()
}
