import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { freshFolder } from '../fresh-store.ts'
import { MAPPINGS } from './assemble-engine.ts'

const COMMAND = fileURLToPath(new URL('../../src/cli/mappings.ts', import.meta.url))

async function check(
  folder: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, HUB_MAPPINGS: folder }
    const child = execFile(
      process.execPath,
      [COMMAND, 'check', ...words],
      { env },
      (_error, output, problems) => {
        resolve({ code: child.exitCode ?? -1, said: output + problems })
      },
    )
  })
}

it('checks the folder that the hub reads, and names file and key of what is wrong', async () => {
  const folder = join(await freshFolder(), 'mappings')
  await cp(MAPPINGS, folder, { recursive: true })
  expect(await check(folder)).toMatchObject({ code: 0, said: expect.stringContaining('The rules are sound') })
  const feed = join(folder, 'feeds', 'default.yaml')
  await writeFile(feed, `${await readFile(feed, 'utf8')}returnTo: { host: x }\n`)
  const { code, said } = await check(folder)
  expect(code).toBe(1)
  expect(said).toContain("feeds/default.yaml: /returnTo must have required property 'port'")
})

it('names the feeds that have one port', async () => {
  const folder = join(await freshFolder(), 'mappings')
  await cp(MAPPINGS, folder, { recursive: true })
  const feed = await readFile(join(folder, 'feeds', 'default.yaml'), 'utf8')
  for (const name of ['east', 'west'])
    await writeFile(join(folder, 'feeds', `${name}.yaml`), `${feed}port: 2600\n`)
  expect(await check(folder)).toMatchObject({
    code: 1,
    said: expect.stringContaining('feeds/west.yaml, port: feeds/east.yaml has it, too'),
  })
})

it('names row and element of a rule that no resource can hold', async () => {
  const folder = join(await freshFolder(), 'mappings')
  await cp(MAPPINGS, folder, { recursive: true })
  const file = join(folder, 'segments', 'PID.Patient.yaml')
  await writeFile(file, (await readFile(file, 'utf8')).replace('to: birthDate', 'to: birthDatum'))
  const { code, said } = await check(folder)
  expect(code).toBe(1)
  expect(said).toContain(
    'segments/PID.Patient.yaml: row PID-7: R4 has no element "birthDatum" in Patient: did you mean birthDate?',
  )
})

it('takes no word that it does not read', async () => {
  expect((await check(MAPPINGS, '--mappings', 'elsewhere')).code).toBe(64)
})
