import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { loadDefinitions } from '../../../fhir/load-definitions.ts'
import { createMapper } from '../mapper.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../../mappings/', import.meta.url))

const elements = () => loadDefinitions().elements()

async function started(): Promise<{ readonly folder: string; readonly kept: string }> {
  const top = await mkdtemp(join(tmpdir(), 'kept-rules-'))
  onTestFinished(() => rm(top, { recursive: true }))
  const [folder, kept] = [join(top, 'mappings'), join(top, 'data', 'rules.json')]
  await cp(MAPPINGS, folder, { recursive: true, filter: (path) => !path.endsWith('tests') })
  await createMapper(folder, [kept])
  return { folder, kept }
}

async function change(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  expect(text).toContain(before)
  await writeFile(file, text.replace(before, after))
}

it('takes what it kept for rules that did not change', async () => {
  const { folder, kept } = await started()
  // Another zone in the kept file only shows which of the two was read.
  await change(kept, '"zone":"UTC"', '"zone":"Asia/Tokyo"')
  const [fresh, again] = [await createMapper(folder), await createMapper(folder, [kept])]
  const { rules, events, feeds } = again
  expect([rules, [...events], [...feeds.keys()]]).toEqual([
    fresh.rules,
    [...fresh.events],
    [...fresh.feeds.keys()],
  ])
  expect([...feeds.values()].map(({ zone }) => zone)).toContain('Asia/Tokyo')
})

it('checks rules again when one of them changed, and refuses what is wrong', async () => {
  const { folder, kept } = await started()
  const file = join(folder, 'feeds', 'default.yaml')
  await change(file, 'zone: UTC', 'zone: [UTC]')
  await expect(createMapper(folder, [kept])).rejects.toThrow(/default\.yaml: \/zone must be string/)
  await expect(createMapper(folder, [kept])).rejects.toThrow(/default\.yaml: \/zone must be string/)
  await change(file, 'zone: [UTC]', 'zone: Africa/Cairo')
  expect((await createMapper(folder, [kept])).feeds.get('default')?.zone).toBe('Africa/Cairo')
  expect((await createMapper(folder, [kept])).feeds.get('default')?.zone).toBe('Africa/Cairo')
})

it('checks the rules of an older version against what this one expects', async () => {
  const { folder, kept } = await started()
  await writeFile(join(folder, 'schemas', 'message.schema.json'), '{}')
  await change(join(folder, 'messages', 'DFT.yaml'), 'maps: ', 'segments: ')
  await expect(createMapper(folder, [kept])).rejects.toThrow(
    /DFT\.yaml: \/images\/\d+ must have required property 'maps'/,
  )
  await rm(join(folder, 'schemas'), { recursive: true })
  await expect(createMapper(folder, [kept])).rejects.toThrow(/DFT\.yaml: \/images/)
})

it('checks the elements of rules that were kept by who did not check them', async () => {
  const { folder, kept } = await started()
  await change(join(folder, 'segments', 'PID.Patient.yaml'), 'to: birthDate', 'to: birthDay')
  await createMapper(folder, [kept])
  await expect(createMapper(folder, [kept], elements)).rejects.toThrow(/PID\.Patient\.yaml.*birthDay/)
  await expect(createMapper(folder, [kept], elements)).rejects.toThrow(/birthDay/)
})

it.each(['', '{"key":', 'null', '[]'])(
  'reads the rules again when "%s" is all that is left',
  async (left) => {
    const { folder, kept } = await started()
    const whole = await readFile(kept, 'utf8')
    await writeFile(kept, left)
    expect((await createMapper(folder, [kept])).rules).toBe((await createMapper(folder)).rules)
    expect(await readFile(kept, 'utf8')).toBe(whole)
  },
)

it('starts where nothing can be kept', async () => {
  const { folder, kept } = await started()
  expect((await createMapper(folder, [join(kept, 'below', 'a-file.json')])).feeds.has('default')).toBe(true)
})

it('takes what the installation has read where it has nothing of its own, and leaves that alone', async () => {
  const { folder, kept } = await started()
  await change(kept, '"zone":"UTC"', '"zone":"Asia/Tokyo"')
  const own = join(folder, '..', 'own.json')
  const whole = await readFile(kept, 'utf8')
  expect((await createMapper(folder, [own, kept])).feeds.get('default')?.zone).toBe('Asia/Tokyo')
  await change(join(folder, 'feeds', 'default.yaml'), 'zone: UTC', 'zone: Africa/Cairo')
  expect((await createMapper(folder, [own, kept])).feeds.get('default')?.zone).toBe('Africa/Cairo')
  expect(await readFile(own, 'utf8')).toContain('Africa/Cairo')
  expect(await readFile(kept, 'utf8')).toBe(whole)
})
