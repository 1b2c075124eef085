import { writeSync } from 'node:fs'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished, vi } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import { openAheadFile, readAhead, type Disk, type Payload, type Place } from './ahead-file.ts'

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
  const places = await Promise.all(['one', 'two', 'three'].map(async (text) => file.append(payloadOf(text))))
  await file.append(payloadOf('four'))
  expect(textsIn(folder)).toEqual(['one', 'two', 'three', 'four'])
  expect(textsIn(folder, places[1])).toEqual(['three', 'four'])
  await file.close(false)
  const next = openAheadFile(folder, NOWHERE)
  const place = await next.append(payloadOf('five'))
  expect(textsIn(folder)).toEqual(['one', 'two', 'three', 'four', 'five'])
  expect(textsIn(folder, place)).toEqual([])
  next.forget(place)
  expect(await readdir(folder)).toHaveLength(1)
  await next.close(true)
  expect(await readdir(folder)).toEqual([])
})

it('ends a file where a record was cut off or is damaged, and goes on with the next', async () => {
  const folder = await freshFolder()
  const file = openAheadFile(folder, NOWHERE)
  const whole = await file.append(payloadOf('whole'))
  await file.close(false)
  await damage(folder, whole, [0, 0, 0, 9, 1, 2, 3, 4, 0x78])
  const second = openAheadFile(folder, NOWHERE)
  const behind = await second.append(payloadOf('behind'))
  await second.close(false)
  await damage(folder, behind, [0, 0, 0, 1, 1, 2, 3, 4, 0x78, 0, 0])
  expect(textsIn(folder)).toEqual(['whole', 'behind'])
})

/** Writes over what is behind a record. */
async function damage(folder: string, { file, bytes }: Place, written: readonly number[]): Promise<void> {
  const handle = await open(join(folder, String(file).padStart(10, '0')), 'r+')
  await handle.write(Buffer.from(written), 0, written.length, bytes)
  await handle.close()
}

it('grows in steps: a record is written over zeros, and what follows it is none', async () => {
  const folder = await freshFolder()
  const file = openAheadFile(folder, NOWHERE)
  const sizeNow = async () => (await stat(join(folder, '0000000001'))).size
  const first = await file.append(payloadOf('first'))
  const size = await sizeNow()
  expect(size).toBe(first.bytes + limits.hl7.aheadRoomBytes)
  const second = await file.append(payloadOf(Buffer.alloc(size - first.bytes - 8, 'x')))
  expect(second.bytes).toBe(size)
  expect(await sizeNow()).toBe(size)
  const third = await file.append(payloadOf('third'))
  expect(await sizeNow()).toBe(third.bytes + limits.hl7.aheadRoomBytes)
  expect(textsIn(folder).map((text) => text.slice(0, 5))).toEqual(['first', 'xxxxx', 'third'])
  await expect(file.append(payloadOf(''))).rejects.toThrow(TypeError)
  await file.close(false)
})

it('keeps a record when there is no more room than for it', async () => {
  const folder = await freshFolder()
  const disk: Disk = {
    write: (fd, bytes, at) => {
      if (bytes.length > 1000) throw new Error('no space')
      writeSync(fd, bytes, 0, bytes.length, at)
    },
    sync: async () => Promise.resolve(),
  }
  const file = openAheadFile(folder, NOWHERE, disk)
  await file.append(payloadOf('one'))
  await file.append(payloadOf('two'))
  expect(textsIn(folder)).toEqual(['one', 'two'])
  await file.close(false)
})

it('tells nobody that a record is safe before a sync has covered it, and syncs many at once', async () => {
  const folder = await freshFolder()
  const log: string[] = []
  let release: (() => void) | undefined
  const disk: Disk = {
    write: (fd, bytes, at) => {
      writeSync(fd, bytes, 0, bytes.length, at)
      log.push(bytes.length < limits.hl7.aheadRoomBytes ? 'write' : 'room')
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
  expect(log).toEqual(['write', 'room'])
  release?.()
  await first
  expect(log).toEqual(['write', 'room', 'sync', 'a'])
  // The next sync waits for the end of the turn: what the first answers bring may share it.
  await vi.waitFor(() => expect(log).toHaveLength(5))
  release?.()
  await Promise.all(others)
  expect(log.slice(4)).toEqual(['write', 'sync', 'b', 'c'])
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
  await file.append(payloadOf('-'))
  await file.append(payloadOf('kept'))
  expect(textsIn(folder)).toEqual(['-', 'kept'])
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
