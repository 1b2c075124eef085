import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { freshStore } from '../fresh-store.ts'
import { freshFolder, removeFolder, startHub } from './hub.ts'
import { admit, engineOn, MAPPINGS, Sender } from './interface-engine.ts'

async function ownRules(): Promise<string> {
  const folder = await freshFolder()
  onTestFinished(() => removeFolder(folder))
  await cp(MAPPINGS, folder, { recursive: true, filter: (path) => !path.endsWith('tests') })
  return folder
}

interface Statistics {
  readonly rules: { readonly version: string; readonly problems: readonly string[] }
}

it('a running hub says which rules it cannot use, keeps those before, and takes them when they are mended', async () => {
  const [data, folder] = [await freshFolder(), await ownRules()]
  onTestFinished(() => removeFolder(data))
  const hub = await startHub({ data, env: { HUB_MAPPINGS: folder } })
  onTestFinished(() => hub.kill())
  const rules = async () => (await hub.json<Statistics>('/api/v1/interop/statistics')).rules
  const before = await rules()
  expect(before.problems).toEqual([])
  const file = join(folder, 'tables', 'administrativeSex.csv')
  const text = await readFile(file, 'utf8')
  await appendFile(file, 'one cell\n')
  const broken = { version: before.version, problems: [expect.stringContaining('administrativeSex.csv')] }
  await expect.poll(rules, { timeout: 20_000 }).toEqual(broken)
  const sender = new Sender(hub.mllp)
  expect(await sender.send(admit())).toContain('MSA|AA|A1')
  const row = 'Q,Not told,http://terminology.hl7.org/CodeSystem/v2-0001,unknown,,,own\n'
  await writeFile(file, text + row)
  await expect.poll(async () => (await rules()).problems, { timeout: 20_000 }).toEqual([])
  expect((await rules()).version).not.toBe(before.version)
})

it('a feed takes the messages that its own overlays have rules for, and no other feed does', async () => {
  const folder = await ownRules()
  const feed = await readFile(join(folder, 'feeds', 'default.yaml'), 'utf8')
  await writeFile(join(folder, 'feeds', 'east.yaml'), `${feed}\noverlays: [east]\n`)
  const rules = await readFile(join(folder, 'messages', 'ADT_A60.yaml'), 'utf8')
  const east = join(folder, 'overlays', 'east', 'messages')
  await cp(join(folder, 'messages', 'ADT_A60.yaml'), join(east, 'ADT_Z77.yaml'))
  await writeFile(join(east, 'ADT_Z77.yaml'), rules.replace('ADT^A60', 'ADT^Z77'))
  const engine = await engineOn(await freshStore(), {}, { mappings: folder })
  const portOf = (name: string) => engine.listeners.of(name)?.port ?? 0
  const message = admit({ event: 'Z77' })
  expect(await new Sender(portOf('default')).send(message)).toContain('MSA|AR|A1')
  expect(await new Sender(portOf('east')).send(message)).toContain('MSA|AA|A1')
})
