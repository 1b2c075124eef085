import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { loadDefinitions } from '../../fhir/load-definitions.ts'
import { parseMessage } from '../message/parse-message.ts'
import { createLiveMapper } from './live-mapper.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../mappings/', import.meta.url))
const ADMISSION = parseMessage(
  'MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5.1\rEVN|A01\rPID|1||4711||Okoye^Ada||||\rPV1|1|I',
)

const NEVER = 600_000

/** @param lay how the rules get into the folder */
async function live(quietMs = NEVER, lay = lie) {
  const folder = await mkdtemp(join(tmpdir(), 'live-rules-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await lay(folder)
  const reported: unknown[] = []
  const mapper = await createLiveMapper({
    folder,
    pollMs: 20,
    quietMs,
    elements: () => loadDefinitions().elements(),
    report: (error) => void reported.push(error),
  })
  onTestFinished(async () => mapper.stop())
  const family = () => {
    const names = mapper.map(ADMISSION, 'default').images[0]?.resource['name'] as readonly {
      family?: string
    }[]
    return names[0]?.family
  }
  return { file: join(folder, 'datatypes', 'XPN.HumanName.yaml'), folder, mapper, reported, family }
}

async function lie(folder: string): Promise<void> {
  await cp(MAPPINGS, folder, { recursive: true, filter: (path) => !path.endsWith('tests') })
}

const changed = (text: string) => text.replace('from: XPN.1.1, to: family', 'from: XPN.2, to: family')

it('maps by changed rules from the next message on', async () => {
  const { file, mapper, family } = await live()
  const before = mapper.rules
  expect(family()).toBe('Okoye')
  const text = await readFile(file, 'utf8')
  await writeFile(file, changed(text))
  await expect.poll(family).toBe('Ada')
  expect(mapper.rules).not.toBe(before)
  expect(mapper.problems).toEqual([])
})

it('keeps the rules before while a file is broken, says so once, and goes on when it is mended', async () => {
  const { file, mapper, reported, family } = await live()
  const text = await readFile(file, 'utf8')
  await appendFile(file, '  - { id: wrong, from: XPN.1, to: }}}\n')
  await expect.poll(() => mapper.problems).toEqual([expect.stringContaining('datatypes/XPN.HumanName.yaml')])
  expect(family()).toBe('Okoye')
  expect(reported).toHaveLength(1)
  await writeFile(file, changed(text))
  await expect.poll(() => mapper.problems).toEqual([])
  expect(family()).toBe('Ada')
  expect(reported).toHaveLength(1)
})

it('keeps the rules before while a row names an element that R4 does not have', async () => {
  const { file, mapper, family } = await live()
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('from: XPN.1.1, to: family', 'from: XPN.2, to: familie'))
  await expect
    .poll(() => mapper.problems, { timeout: 20_000 })
    .toEqual([expect.stringContaining('datatypes/XPN.HumanName.yaml: row XPN.1')])
  expect(family()).toBe('Okoye')
})

it('keeps the rules before while what follows them cannot be used', async () => {
  const { folder, mapper } = await live()
  const overlay = join(folder, 'overlays', 'north')
  await mkdir(join(overlay, 'fields'), { recursive: true })
  await writeFile(join(overlay, 'fields', 'XPN.yaml'), "rows: [{ id: kind, to: '.7', const: L }]\n")
  await expect
    .poll(() => mapper.outbound.laidOver(['north']).definitions.size, { timeout: 20_000 })
    .toBeGreaterThan(0)
  // As a destination that names the overlay.
  mapper.with((next) => {
    next.outbound.laidOver(['north'])
    return Promise.resolve(() => Promise.resolve())
  })
  await rm(overlay, { recursive: true })
  await expect
    .poll(() => mapper.problems, { timeout: 20_000 })
    .toEqual([expect.stringContaining('there is no "north"')])
  expect(mapper.outbound.laidOver(['north']).definitions.size).toBeGreaterThan(0)
})

it('keeps the rules before when the default feed is taken away, which answers are read by', async () => {
  const { folder, mapper, family } = await live()
  await rm(join(folder, 'feeds', 'default.yaml'))
  await expect.poll(() => mapper.problems).toEqual([expect.stringContaining('feeds/default.yaml')])
  expect(family()).toBe('Okoye')
})

it('hears of a file that is renamed over another one', async () => {
  const { file, family } = await live()
  await writeFile(`${file}.new`, changed(await readFile(file, 'utf8')))
  await rename(`${file}.new`, file)
  await expect.poll(family, { timeout: 20_000 }).toBe('Ada')
})

it('hears of files in folders that are new, and of those that are taken away', async () => {
  const { folder, mapper } = await live()
  const below = join(folder, 'overlays', 'north', 'datatypes')
  const before = mapper.rules
  await mkdir(below, { recursive: true })
  await writeFile(join(below, 'XPN.HumanName.yaml'), 'datatype: XPN\nrows: []\n')
  await expect.poll(() => mapper.rules, { timeout: 20_000 }).not.toBe(before)
  await rm(join(folder, 'overlays', 'north', 'datatypes', 'XPN.HumanName.yaml'))
  await expect.poll(() => mapper.rules, { timeout: 20_000 }).toBe(before)
})

/** As a volume of a cluster has its files: links by way of one link, that is turned to another folder. */
it('hears that a link was turned to another folder', async () => {
  const { file, folder, family } = await live(NEVER, async (rules) => {
    await lie(rules)
    const types = join(rules, 'datatypes')
    await rename(types, join(rules, 'first'))
    await mkdir(types)
    await rename(join(rules, 'first'), join(types, '..first'))
    await symlink('..first', join(types, '..data'))
    for (const name of await readdir(join(types, '..first')))
      await symlink(join('..data', name), join(types, name))
  })
  const types = join(folder, 'datatypes')
  await cp(join(types, '..first'), join(types, '..second'), { recursive: true, preserveTimestamps: true })
  await writeFile(join(types, '..second', 'XPN.HumanName.yaml'), changed(await readFile(file, 'utf8')))
  await symlink('..second', join(types, '..data_tmp'))
  await rename(join(types, '..data_tmp'), join(types, '..data'))
  await expect.poll(family, { timeout: 20_000 }).toBe('Ada')
})

it('finds by looking what nobody tells of: a link that is turned outside the folder', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'outside-rules-'))
  onTestFinished(() => rm(outside, { recursive: true }))
  const { family } = await live(50, async (rules) => {
    await lie(rules)
    await rename(join(rules, 'datatypes'), join(outside, 'first'))
    await symlink('first', join(outside, 'now'))
    await symlink(join(outside, 'now'), join(rules, 'datatypes'))
  })
  await cp(join(outside, 'first'), join(outside, 'second'), { recursive: true })
  const file = join(outside, 'second', 'XPN.HumanName.yaml')
  await writeFile(file, changed(await readFile(file, 'utf8')))
  await symlink('second', join(outside, 'next'))
  await rename(join(outside, 'next'), join(outside, 'now'))
  await expect.poll(family, { timeout: 20_000 }).toBe('Ada')
})
