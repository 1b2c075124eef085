import { execFile } from 'node:child_process'
import { appendFileSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { limits } from '../kernel/limits.ts'
import { openReadLog, type ReadLog } from './read-log.ts'

const MODULE = fileURLToPath(new URL('./read-log.ts', import.meta.url))

it('has the row of a read when the process is killed right behind it', async () => {
  const folder = await freshFolder()
  const script = `
    const { openReadLog } = await import(${JSON.stringify(MODULE)})
    openReadLog(${JSON.stringify(folder)}, Date.now, () => {}).append('{"row":1}')
    process.kill(process.pid, 'SIGKILL')`
  const signal = await new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (error) => resolve(error?.signal))
  })
  expect(signal).toBe('SIGKILL')
  expect((await opened(folder).take(undefined)).lines).toEqual(['{"row":1}'])
})

it('goes on behind the place up to which lines were taken, over the files of earlier processes', async () => {
  const folder = await freshFolder()
  const first = openReadLog(folder, () => 1, fail)
  first.append('a')
  first.append('b')
  await first.close()
  const second = opened(folder)
  second.append('c')
  const old = await second.take(undefined)
  expect(old.lines).toEqual(['a', 'b'])
  const young = await second.take(old.place)
  expect(young.lines).toEqual(['c'])
  expect(second.folderId).toBe(first.folderId)

  if (young.place) await second.drop(young.place)
  expect(readdirSync(folder).filter((name) => name.startsWith('reads-'))).toHaveLength(1)
  second.append('d')
  expect((await second.take(young.place)).lines).toEqual(['d'])
})

it('writes the lines of one turn together, and tells every caller when they are written', async () => {
  const folder = await freshFolder()
  const log = opened(folder)
  const done = ['a', 'b', 'c'].map((line) => log.appendWithTurn(line))
  const written = () => readdirSync(folder).map((name) => statSync(join(folder, name)).size)
  expect(written()).toContain(0)
  await Promise.all(done)
  expect(written()).not.toContain(0)
  expect((await log.take(undefined)).lines).toEqual(['a', 'b', 'c'])
})

it('tells the readers of a turn that their rows could not be written', async () => {
  const log = openReadLog(await freshFolder(), Date.now, () => undefined)
  await log.close()
  await expect(log.appendWithTurn('a')).rejects.toMatchObject({ kind: 'unavailable' })
})

it('leaves a line behind that a power failure cut', async () => {
  const folder = await freshFolder()
  const log = openReadLog(folder, () => 1, fail)
  log.append('whole')
  await log.close()
  const name = readdirSync(folder).find((entry) => entry.startsWith('reads-')) ?? ''
  appendFileSync(join(folder, name), '{"cut')
  const next = opened(folder)
  next.append('after')
  const { lines, place } = await next.take(undefined)
  expect(lines).toEqual(['whole'])
  expect((await next.take(place)).lines).toEqual(['after'])
})

it('begins a new file when one is full and gives the lines of both in order', async () => {
  const folder = await freshFolder()
  const log = opened(folder)
  const count = Math.ceil((limits.audit.fileBytes / limits.audit.groupBytes) * 1.2)
  const rest = 'x'.repeat(limits.audit.groupBytes - 16)
  for (let index = 0; index < count; index += 1) log.append(start(index) + rest)
  expect(readdirSync(folder).filter((name) => name.startsWith('reads-'))).toHaveLength(2)

  const taken: string[] = []
  let place: Awaited<ReturnType<ReadLog['take']>>['place']
  for (;;) {
    const next = await log.take(place)
    if (next.lines.length === 0) break
    taken.push(...next.lines.map((line) => line.slice(0, 8)))
    place = next.place
  }
  expect(taken).toEqual(Array.from({ length: count }, (_, index) => start(index)))
})

function start(index: number): string {
  return String(index).padStart(8, '0')
}

function opened(folder: string): ReadLog {
  const log = openReadLog(folder, Date.now, fail)
  onTestFinished(() => log.close())
  return log
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

function fail(error: unknown): never {
  throw error
}
