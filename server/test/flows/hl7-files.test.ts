import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { admit, engineOn, result, Sender, startEngine, type Engine } from './interface-engine.ts'

async function folderFeed() {
  const folder = join(await freshFolder(), 'in')
  await mkdir(folder)
  return { folder, files: { folder, pollMs: 50 } }
}

/** The first engine of a file is slow to start on a loaded machine. */
const LONG = { timeout: 15_000 }
const namesIn = async (...path: readonly string[]) => readdir(join(...path)).catch(() => [])

async function states(engine: Engine): Promise<readonly string[]> {
  const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 1000 })
  return lines.map(
    ({ value }) =>
      `${(value as JsonObject)['controlId'] as string} ${(value as JsonObject)['state'] as string}`,
  )
}

it('takes the messages of a batch file and puts the file away', async () => {
  const { folder, files } = await folderFeed()
  const engine = await startEngine({ ackAt: 'committed', files })
  const batch = [
    'FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r',
    admit({ id: 'A1', mrn: '1' }),
    result({ id: 'R1', mrn: '1' }),
    'BTS|2\rFTS|1\r',
  ].join('')
  await writeFile(join(folder, 'night.hl7'), batch)
  await writeFile(join(folder, 'notes.md'), 'not for us')
  await expect.poll(() => namesIn(folder, 'done'), LONG).toEqual([expect.stringMatching(/^\d+-night\.hl7$/)])
  expect(await engine.all('Observation')).toHaveLength(1)
  expect(await namesIn(folder)).toEqual(['done', 'notes.md'])
})

it('waits until a file has stopped growing', async () => {
  const { folder, files } = await folderFeed()
  const engine = await startEngine({ files: { ...files, pollMs: 300 } })
  const path = join(folder, 'slow.hl7')
  const text = admit()
  await writeFile(path, text.slice(0, 40))
  for (let at = 40; at < text.length; at += 40) {
    await new Promise((resolve) => setTimeout(resolve, 60))
    await appendFile(path, text.slice(at, at + 40))
  }
  await expect.poll(() => states(engine), LONG).toEqual(['A1 committed'])
})

it('says what was refused of a sender that wants no answer', async () => {
  const { folder, files } = await folderFeed()
  await startEngine({ ackAt: 'committed', files, commitBytes: true })
  const silent = admit({ id: 'A1' }).replace('ADT^A01', 'XYZ^A01').replace('|P|2.5.1', '|P|2.5.1|||NE|NE')
  await writeFile(join(folder, 'silent.hl7'), silent)
  await expect.poll(() => namesIn(folder, 'failed'), LONG).toHaveLength(2)
  const [, list = ''] = await namesIn(folder, 'failed')
  expect(await readFile(join(folder, 'failed', list), 'utf8')).toBe(
    'message 1 A1: AR The message type in MSH-9.1 is not supported.\n',
  )
})

it('says what was refused beside the file, and takes the rest of it', async () => {
  const { folder, files } = await folderFeed()
  const engine = await startEngine({ ackAt: 'committed', files })
  const bad = admit({ id: 'A2' }).replace('ADT^A01', 'XYZ^A01')
  await writeFile(join(folder, 'mixed.hl7'), admit({ id: 'A1' }) + bad + admit({ id: 'A3', mrn: '3' }))
  await writeFile(join(folder, 'none.txt'), 'no message at all')
  await expect.poll(async () => (await namesIn(folder, 'failed')).length, LONG).toBe(4)
  const [first = '', , second = ''] = (await namesIn(folder, 'failed')).filter(Boolean).toSorted()
  expect([first, second].map((name) => name.replace(/^\d+-/, ''))).toEqual(['mixed.hl7', 'none.txt'])
  const problems = await readFile(join(folder, 'failed', `${first}.problems.txt`), 'utf8')
  expect(problems).toMatch(/^message 2 A2: AR /)
  expect(await engine.all('Patient')).toHaveLength(2)
})

it('says what a batch says of itself and does not hold, and takes a batch of nothing', async () => {
  const { folder, files } = await folderFeed()
  const engine = await startEngine({ ackAt: 'committed', files })
  const batch = `BHS|^~\\&|LAB\rPID|1||lost\r${admit({ id: 'A1' })}BTS|2\r`
  await writeFile(join(folder, 'count.hl7'), `FHS|^~\\&|LAB\r${batch}FTS|2\r`)
  await writeFile(join(folder, 'empty.hl7'), 'FHS|^~\\&|LAB\rBHS|^~\\&|LAB\rBTS|0\rFTS|1\r')
  await expect.poll(() => namesIn(folder, 'done'), LONG).toEqual([expect.stringMatching(/empty\.hl7$/)])
  await expect.poll(async () => (await namesIn(folder, 'failed')).length, LONG).toBe(2)
  const name = (await namesIn(folder, 'failed')).find((one) => one.endsWith('.txt')) ?? ''
  expect((await readFile(join(folder, 'failed', name), 'utf8')).split('\n')).toEqual([
    '1 batches came, FTS-1 says 2',
    'batch 1: 1 messages came, BTS-1 says 2',
    'batch 1: 1 lines belong to no message',
    '',
  ])
  expect(await engine.all('Patient')).toHaveLength(1)
})

it('goes on with a file that was there when the hub was killed, and takes no message twice', async () => {
  const { folder, files } = await folderFeed()
  const store = await freshStore()
  const before = await engineOn(store, { ackAt: 'committed' })
  // As if the first messages of the file had been taken before the kill.
  await new Sender(before.port).send(admit({ id: 'A1', mrn: '1' }))
  await before.stop()
  await writeFile(join(folder, 'again.hl7'), admit({ id: 'A1', mrn: '1' }) + admit({ id: 'A2', mrn: '2' }))
  const after = await engineOn(store, { ackAt: 'committed', files })
  await expect.poll(async () => (await namesIn(folder, 'done')).length, LONG).toBe(1)
  expect(await states(after)).toEqual(['A1 committed', 'A1 duplicate', 'A2 committed'])
})

it('goes past what is no file', async () => {
  const { folder, files } = await folderFeed()
  execFileSync('mkfifo', [join(folder, 'a.hl7')])
  await mkdir(join(folder, 'c.hl7'))
  const engine = await startEngine({ ackAt: 'committed', files })
  await writeFile(join(folder, 'D.HL7'), admit())
  await expect.poll(() => namesIn(folder, 'done'), LONG).toHaveLength(1)
  expect(engine.reported).toEqual([])
})

it('follows no link to what lies elsewhere, and says so', async () => {
  const { folder, files } = await folderFeed()
  const elsewhere = join(await freshFolder(), 'secret')
  await writeFile(elsewhere, admit({ id: 'A1', mrn: '1' }))
  await symlink(elsewhere, join(folder, 'a.hl7'))
  const engine = await startEngine({ ackAt: 'committed', files })
  await writeFile(join(folder, 'b.hl7'), admit({ id: 'A2', mrn: '2' }))
  await expect
    .poll(() => engine.folders.problemOf('default'), LONG)
    .toBe('a.hl7 cannot be taken: it is a link, and only files that lie in the folder are taken (ELOOP).')
  await expect.poll(() => states(engine), LONG).toEqual(['A2 committed'])
  expect(await namesIn(folder, 'failed')).toEqual([])
})

it('says once what keeps a file from being moved, takes the others, and goes on when it is mended', async () => {
  const { folder, files } = await folderFeed()
  const done = join(folder, 'archive')
  await writeFile(done, 'in the way')
  const engine = await startEngine({ ackAt: 'committed', files: { ...files, done } })
  await writeFile(join(folder, 'a.hl7'), admit({ id: 'A1', mrn: '1' }))
  await writeFile(join(folder, 'b.hl7'), admit({ id: 'A2', mrn: '2' }))
  await expect.poll(() => states(engine), LONG).toEqual(['A1 committed', 'A2 committed'])
  await expect
    .poll(() => engine.folders.problemOf('default'), LONG)
    .toBe('a.hl7 cannot be taken: a file stands where the folder for it should be (EEXIST).')
  await new Promise((resolve) => setTimeout(resolve, 4 * files.pollMs))
  expect(engine.reported).toHaveLength(1)
  await rm(done)
  await expect.poll(() => namesIn(done), LONG).toHaveLength(2)
  await expect.poll(() => engine.folders.problemOf('default'), LONG).toBeUndefined()
  expect(await states(engine)).toEqual(['A1 committed', 'A2 committed'])
})

it('refuses a message over the bound of its feed, and a file that no memory should hold', async () => {
  const { folder, files } = await folderFeed()
  const engine = await startEngine({ ackAt: 'committed', frameBytes: 4096, files })
  const long = `${admit({ id: 'A2', mrn: '2' })}NTE|1||${'x'.repeat(5000)}\r`
  await writeFile(join(folder, 'a.hl7'), admit({ id: 'A1', mrn: '1' }) + long)
  await writeFile(join(folder, 'b.hl7'), '')
  await truncate(join(folder, 'b.hl7'), 600 * 1024 * 1024)
  await expect.poll(async () => (await namesIn(folder, 'failed')).length, LONG).toBe(4)
  const lists = (await namesIn(folder, 'failed')).filter((one) => one.endsWith('.txt'))
  const texts = await Promise.all(lists.map(async (name) => readFile(join(folder, 'failed', name), 'utf8')))
  expect(texts.toSorted()).toEqual([
    'message 2 A2: AR The message is larger than the 4096 bytes that this feed takes.\n',
    'the file is larger than 536870912 bytes: cut it into several\n',
  ])
  expect(await states(engine)).toEqual(['A1 committed', 'A2 rejected'])
})

it('still knows what was refused of a file before the hub was stopped', async () => {
  const { folder, files } = await folderFeed()
  const [store, gate] = [await freshStore(), join(folder, 'failed')]
  await writeFile(gate, 'in the way')
  const before = await engineOn(store, { ackAt: 'committed', files })
  await writeFile(join(folder, 'a.hl7'), admit({ id: 'A1' }).replace('ADT^A01', 'XYZ^A01'))
  await expect.poll(() => before.folders.problemOf('default'), LONG).toMatch(/^a\.hl7 .*EEXIST/)
  await before.stop()
  await rm(gate)
  await engineOn(store, { ackAt: 'committed', files })
  await expect.poll(() => namesIn(gate), LONG).toHaveLength(2)
})

it('removes what a feed does not keep any longer, and nothing that waits for a person', async () => {
  const engine = await startEngine({ ackAt: 'committed', keep: '0m' })
  const sender = new Sender(engine.port)
  await sender.send(admit({ id: 'A1' }))
  await sender.send(result({ id: 'R1' }).replace('4711^^^NORTH^MR', ''))
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await engine.flow.retention.step()).toBe(false)
  expect(await states(engine)).toEqual(['R1 dead'])
  expect(await engine.all('Patient')).toHaveLength(1)
  const raw = await engine.store.records.range({ collection: 'hl7-raw', limit: 10 })
  expect(raw).toHaveLength(1)
  // What the message search reads knows the one that stays, and no other.
  await engine.stop()
  const postings = await engine.store.records.range({ collection: 'hl7-index', limit: 100 })
  const ids = postings.flatMap(({ value }) => (value as { readonly ids?: readonly string[] }).ids ?? [])
  const [dead] = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  expect(ids.length).toBeGreaterThan(0)
  expect(new Set(ids)).toEqual(new Set([dead?.id]))
})
