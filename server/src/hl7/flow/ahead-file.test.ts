import { writeSync } from 'node:fs'
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import { openAheadFile, readAhead, type Disk, type Payload } from './ahead-file.ts'

const NOWHERE = { file: 0, bytes: 0 }

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-ahead-'))
  onTestFinished(async () => rm(folder, { recursive: true, force: true }))
  return folder
}

function payloadOf(content: string | Buffer): Payload {
  const bytes = Buffer.from(content)
  return { room: bytes.length, writeTo: (buffer, at) => bytes.copy(buffer, at) }
}

const textsIn = (folder: string, after = NOWHERE) =>
  readAhead(folder, after).map(({ payload }) => payload.toString())

it('gives back what was appended, in order, behind the place that is named', async () => {
  const folder = await freshFolder()
  const file = openAheadFile(folder, NOWHERE)
  const places = await Promise.all(['one', 'two', ''].map(async (text) => file.append(payloadOf(text))))
  await file.append(payloadOf('four'))
  expect(textsIn(folder)).toEqual(['one', 'two', '', 'four'])
  expect(textsIn(folder, places[1])).toEqual(['', 'four'])
  await file.close(false)
  const next = openAheadFile(folder, NOWHERE)
  const place = await next.append(payloadOf('five'))
  expect(textsIn(folder)).toEqual(['one', 'two', '', 'four', 'five'])
  expect(textsIn(folder, place)).toEqual([])
  next.forget(place)
  expect(await readdir(folder)).toHaveLength(1)
  await next.close(true)
  expect(await readdir(folder)).toEqual([])
})

it('ends a file where a record was cut off or is damaged, and goes on with the next', async () => {
  const folder = await freshFolder()
  const file = openAheadFile(folder, NOWHERE)
  await file.append(payloadOf('whole'))
  await file.close(false)
  const [name = ''] = await readdir(folder)
  await appendFile(join(folder, name), Buffer.from([0, 0, 0, 9, 1, 2, 3, 4, 0x78]))
  const second = openAheadFile(folder, NOWHERE)
  await second.append(payloadOf('behind'))
  await second.close(false)
  await appendFile(join(folder, '0000000002'), Buffer.from([0, 0, 0, 1, 1, 2, 3, 4, 0x78, 0, 0]))
  expect(textsIn(folder)).toEqual(['whole', 'behind'])
})

it('tells nobody that a record is safe before a sync has covered it, and syncs many at once', async () => {
  const folder = await freshFolder()
  const log: string[] = []
  let release: (() => void) | undefined
  const disk: Disk = {
    write: (fd, bytes, at) => {
      writeSync(fd, bytes, 0, bytes.length, at)
      log.push('write')
    },
    sync: async () => {
      await new Promise<void>((resolve) => (release = resolve))
      log.push('sync')
    },
  }
  const file = openAheadFile(folder, NOWHERE, disk)
  const append = async (text: string) => file.append(payloadOf(text)).then(() => log.push(text))
  const first = append('a')
  file.flush()
  const others = [append('b'), append('c')]
  expect(log).toEqual(['write'])
  release?.()
  await first
  expect(log).toEqual(['write', 'sync', 'write', 'a'])
  release?.()
  await Promise.all(others)
  expect(log.slice(4)).toEqual(['sync', 'b', 'c'])
  await file.close(false)
  expect(textsIn(folder)).toEqual(['a', 'b', 'c'])
})

it('says what could not be written, and writes over what that left', async () => {
  const folder = await freshFolder()
  let isFull = true
  const disk: Disk = {
    write: (fd, bytes, at) => {
      writeSync(fd, bytes, 0, isFull ? 10 : bytes.length, at)
      if (isFull) throw new Error('no space')
    },
    sync: async () => Promise.resolve(),
  }
  const file = openAheadFile(folder, NOWHERE, disk)
  await expect(file.append(payloadOf('lost'))).rejects.toThrow('no space')
  await expect(file.append(payloadOf('lost, too'))).rejects.toThrow('no space')
  isFull = false
  await file.append(payloadOf(''))
  await file.append(payloadOf('kept'))
  expect(textsIn(folder)).toEqual(['', 'kept'])
  expect(await readdir(folder)).toHaveLength(1)
  await file.close(false)
})

it('goes on in another file when a sync has failed', async () => {
  const folder = await freshFolder()
  let isBroken = true
  const disk: Disk = {
    write: (fd, bytes, at) => void writeSync(fd, bytes, 0, bytes.length, at),
    sync: async () => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve()),
  }
  const file = openAheadFile(folder, NOWHERE, disk)
  await expect(file.append(payloadOf('maybe'))).rejects.toThrow('broken')
  isBroken = false
  expect(await file.append(payloadOf('kept'))).toMatchObject({ file: 2 })
  // Nobody was told that the first one is safe: it may be there, and its sender sends it again.
  expect(textsIn(folder)).toEqual(['maybe', 'kept'])
  await file.close(false)
})

it('begins another file when one is large, and removes those that are forgotten', async () => {
  const folder = await freshFolder()
  const file = openAheadFile(folder, NOWHERE)
  const large = Buffer.alloc(limits.hl7.aheadFileBytes)
  await file.append(payloadOf(large))
  const place = await file.append(payloadOf('next'))
  expect(place.file).toBe(2)
  file.forget(place)
  expect(await readdir(folder)).toEqual(['0000000002'])
  expect(textsIn(folder)).toEqual(['next'])
  await file.close(false)
})
