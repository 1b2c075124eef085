import {
  closeSync,
  copyFileSync,
  existsSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'

import { limits } from '../../kernel/limits.ts'

/** Up to where in which file. */
export interface Place {
  readonly file: number
  readonly bytes: number
}

/** Files in a folder that only grow: what is appended is synced before the promise resolves, all that waits in one write and one sync. */
export interface AheadFile {
  /** @throws TypeError when the payload is empty */
  append(payload: Payload): Promise<Place>
  /** Writes what waits now, not only at the end of the turn. */
  flush(): void
  /** Everything up to here is kept elsewhere. */
  forget(upTo: Place): void
  /** @param isDone nothing in the files is needed any more */
  close(isDone: boolean): Promise<void>
}

/** Writes itself where it will leave from: it is never put together before. */
export interface Payload {
  /** Bytes that it takes at most. */
  readonly room: number
  /** @returns how many bytes it has written */
  writeTo(buffer: Buffer, at: number): number
}

export interface Appended {
  readonly payload: Buffer
  readonly end: Place
}

/** The system calls, so that a test can tell what a lost power would leave. */
export interface Disk {
  write(fd: number, bytes: Buffer, at: number): void
  sync(fd: number): Promise<void>
}

const DISK: Disk = {
  write(fd, bytes, at) {
    for (let done = 0; done < bytes.length;)
      done += writeSync(fd, bytes, done, bytes.length - done, at + done)
  },
  // In the thread pool: the main thread goes on.
  sync: async (fd) =>
    new Promise((resolve, reject) => {
      fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
    }),
}

/** Length and CRC-32 of the payload, four bytes each. */
const HEAD = 8
const SCRATCH = 256 * 1024

/** What was appended and not forgotten, in order; a record that was cut off ends its file: nobody was told that it is safe. */
export function readAhead(folder: string, after: Place): readonly Appended[] {
  return filesIn(folder).flatMap((file) => {
    if (file < after.file) return []
    const records = recordsIn(readFileSync(pathOf(folder, file)), file)
    return file > after.file ? records : records.filter(({ end }) => end.bytes > after.bytes)
  })
}

/** A new file behind all that are there; those stay until they are forgotten. */
export function openAheadFile(folder: string, after: Place, disk: Disk = DISK): AheadFile {
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(dirname(folder))
  const writer = new GroupWriter(folder, after, disk)
  let forgotten = 0
  return {
    append: (payload) => writer.append(payload),
    flush: () => writer.flush(),
    forget({ file }) {
      if (file <= forgotten) return
      forgotten = file
      for (const old of filesIn(folder))
        if (old < file && old < writer.current.file) rmSync(pathOf(folder, old))
    },
    async close(isDone) {
      await writer.close()
      if (isDone) for (const file of filesIn(folder)) rmSync(pathOf(folder, file))
    },
  }
}

/**
 * Copies the files for a backup, to be taken before the store is copied: what reaches the store in between is there twice, and counts once.
 *
 * @returns how many files there were. @throws Error when the other folder is there already
 */
export function copyAhead(folder: string, to: string): number {
  const files = filesIn(folder)
  if (files.length === 0) return 0
  mkdirSync(to, { mode: 0o700 })
  for (const file of files) {
    // One that everything of was handed over may go meanwhile.
    if (!existsSync(pathOf(folder, file))) continue
    copyFileSync(pathOf(folder, file), pathOf(to, file))
    const copy = openSync(pathOf(to, file), 'r')
    fsyncSync(copy)
    closeSync(copy)
  }
  syncFolder(to)
  return files.length
}

interface Waiting {
  readonly payload: Payload
  readonly answer: PromiseWithResolvers<Place>
}

/** What comes in one turn of the event loop, or while the disk is at work, shares a write and a sync. */
class GroupWriter {
  current: OpenFile
  readonly #folder: string
  readonly #disk: Disk
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #isScheduled = false
  #scratch: Buffer | undefined
  #zeros: Buffer | undefined
  #isSpoiled = false

  constructor(folder: string, after: Place, disk: Disk) {
    this.#folder = folder
    this.#disk = disk
    this.current = openNext(folder, after.file)
  }

  append(payload: Payload): Promise<Place> {
    if (payload.room === 0) return Promise.reject(new TypeError('There is nothing to append'))
    const answer = Promise.withResolvers<Place>()
    this.#waiting.push({ payload, answer })
    this.#schedule()
    return answer.promise
  }

  #schedule(): void {
    if (!this.#isScheduled) setImmediate(this.#atEndOfTurn)
    this.#isScheduled = true
  }

  readonly #atEndOfTurn = (): void => {
    this.#isScheduled = false
    this.flush()
  }

  flush(): void {
    if (this.#waiting.length === 0 || this.#writing !== undefined) return
    const group = this.#waiting
    this.#waiting = []
    this.#writing = this.#write(group)
      .catch((error: unknown) => {
        for (const { answer } of group) answer.reject(error)
      })
      .finally(() => {
        this.#writing = undefined
        // What has come meanwhile is read first: it shares the next sync.
        if (this.#waiting.length > 0) this.#schedule()
      })
  }

  async close(): Promise<void> {
    for (this.flush(); this.#writing !== undefined; this.flush()) await this.#writing
    closeSync(this.current.fd)
  }

  #turnOver(): void {
    const next = openNext(this.#folder, this.current.file)
    closeSync(this.current.fd)
    this.current = next
    this.#isSpoiled = false
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    if (this.#isSpoiled || this.current.bytes >= limits.hl7.aheadFileBytes) this.#turnOver()
    const { current } = this
    const { bytes, ends } = this.#encoded(group)
    // What a failed write leaves is written over by the next one.
    this.#disk.write(current.fd, bytes, current.bytes)
    this.#makeRoom(current.bytes + bytes.length)
    // What a failed sync leaves nobody knows: whatever comes next goes into another file.
    this.#isSpoiled = true
    await this.#disk.sync(current.fd)
    this.#isSpoiled = false
    const from = current.bytes
    current.bytes += bytes.length
    for (const [at, { answer }] of group.entries())
      answer.resolve({ file: current.file, bytes: from + (ends[at] ?? 0) })
  }

  /**
   * A sync of a file that has grown writes the file system's own journal, too, which takes longer than the record. So the file grows in steps, and
   * records are written over zeros.
   */
  #makeRoom(end: number): void {
    const { current } = this
    if (end <= current.room || end >= limits.hl7.aheadFileBytes) return
    this.#zeros ??= Buffer.alloc(limits.hl7.aheadRoomBytes)
    current.room = end
    try {
      this.#disk.write(current.fd, this.#zeros, end)
      current.room += this.#zeros.length
    } catch {
      // The disk is nearly full: the records that still have room come first.
    }
  }

  /** All of a group behind each other. The buffer is used again: one group is on its way at a time. */
  #encoded(group: readonly Waiting[]): { readonly bytes: Buffer; readonly ends: readonly number[] } {
    const room = group.reduce((sum, { payload }) => sum + HEAD + payload.room, 0)
    const buffer = room > SCRATCH ? Buffer.allocUnsafe(room) : (this.#scratch ??= Buffer.allocUnsafe(SCRATCH))
    const ends: number[] = []
    let at = 0
    for (const { payload } of group) {
      const from = at + HEAD
      const to = from + payload.writeTo(buffer, from)
      buffer.writeUInt32BE(to - from, at)
      buffer.writeUInt32BE(crc32(buffer.subarray(from, to)), at + 4)
      ends.push(to)
      at = to
    }
    return { bytes: buffer.subarray(0, at), ends }
  }
}

interface OpenFile {
  readonly fd: number
  readonly file: number
  bytes: number
  /** Up to here there are zeros to write over. */
  room: number
}

function openNext(folder: string, last: number): OpenFile {
  const file = Math.max(last, ...filesIn(folder)) + 1
  const fd = openSync(pathOf(folder, file), 'wx', 0o600)
  try {
    syncFolder(folder)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return { fd, file, bytes: 0, room: 0 }
}

/** The name of what is new in it has to survive, too. */
function syncFolder(folder: string): void {
  const directory = openSync(folder, 'r')
  fsyncSync(directory)
  closeSync(directory)
}

const pathOf = (folder: string, file: number) => join(folder, String(file).padStart(10, '0'))

function filesIn(folder: string): readonly number[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^\d{10}$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)
}

function recordsIn(bytes: Buffer, file: number): Appended[] {
  const records: Appended[] = []
  for (let at = 0; at + HEAD <= bytes.length;) {
    const end = at + HEAD + bytes.readUInt32BE(at)
    const payload = bytes.subarray(at + HEAD, end)
    // Zeros are the room for records that did not come.
    if (end === at + HEAD || end > bytes.length || crc32(payload) !== bytes.readUInt32BE(at + 4)) break
    records.push({ payload, end: { file, bytes: end } })
    at = end
  }
  return records
}
