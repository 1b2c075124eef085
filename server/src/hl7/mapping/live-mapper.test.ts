import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { parseMessage } from '../message/parse-message.ts'
import { createLiveMapper } from './live-mapper.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../mappings/', import.meta.url))
const ADMISSION = parseMessage(
  'MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5.1\rEVN|A01\rPID|1||4711||Okoye^Ada||||\rPV1|1|I',
)

async function live() {
  const folder = await mkdtemp(join(tmpdir(), 'live-rules-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cp(MAPPINGS, folder, { recursive: true, filter: (path) => !path.endsWith('tests') })
  const reported: unknown[] = []
  const mapper = await createLiveMapper({ folder, pollMs: 20, report: (error) => void reported.push(error) })
  onTestFinished(async () => mapper.stop())
  const family = () => {
    const names = mapper.map(ADMISSION, 'default').images[0]?.resource['name'] as readonly {
      family?: string
    }[]
    return names[0]?.family
  }
  return { file: join(folder, 'datatypes', 'XPN.HumanName.yaml'), folder, mapper, reported, family }
}

it('maps by changed rules from the next message on', async () => {
  const { file, mapper, family } = await live()
  const before = mapper.rules
  expect(family()).toBe('Okoye')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('from: XPN.1.1, to: family', 'from: XPN.2, to: family'))
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
  await writeFile(file, text.replace('from: XPN.1.1, to: family', 'from: XPN.2, to: family'))
  await expect.poll(() => mapper.problems).toEqual([])
  expect(family()).toBe('Ada')
  expect(reported).toHaveLength(1)
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
