import {
  closeSync,
  existsSync,
  fdatasync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '../kernel/clock.ts'
import { fault } from '../kernel/fault.ts'
import { uuid7 } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'

/** Place up to which lines were taken out of the files of a folder. */
export interface ReadLogPlace {
  readonly file: string
  /** Bytes. */
  readonly offset: number
}

export interface ReadLog {
  /** Identifies the folder among those of other processes. */
  readonly folderId: string
  /** Hands a line to the operating system before it returns; synced within `limits.audit.syncMs`. @throws Fault `unavailable` */
  append(line: string): void
  /** Hands the lines of one turn of the event loop to the operating system together, before the turn ends. @throws Fault `unavailable` */
  appendWithTurn(line: string): Promise<void>
  /** Behind everything that was appended before the call. */
  end(): Promise<ReadLogPlace>
  /** Whole lines behind a place, oldest first, those of an earlier process included; empty when there are none. */
  take(after: ReadLogPlace | undefined): Promise<Taken>
  /** Removes the files before the place. */
  drop(place: ReadLogPlace): Promise<void>
  close(): Promise<void>
}

export interface Taken {
  readonly lines: readonly string[]
  readonly place: ReadLogPlace | undefined
}

/** Files of audit rows, one JSON line each. Names sort by time, so that shipping may go through them in order. */
export function openReadLog(folder: string, clock: Clock, onError: (error: unknown) => void): ReadLog {
  mkdirSync(folder, { recursive: true })
  const files = openFiles(folder, clock, onError)
  const turns = createTurns((text) => files.append(text))
  return {
    folderId: folderIdOf(folder, clock),
    append: (line) => files.append(`${line}\n`),
    appendWithTurn: (line) => turns.add(`${line}\n`),
    end: async () => {
      await turns.end()
      return { file: files.current(), offset: files.size() }
    },
    take: async (after) => {
      if (after !== undefined && after.file === files.current() && after.offset === files.size())
        return { lines: [], place: after }
      const names = await filesOf(folder)
      for (const file of names.filter((name) => after === undefined || name >= after.file)) {
        const found = await linesOf(join(folder, file), file === after?.file ? after.offset : 0)
        if (found.lines.length > 0) return { lines: found.lines, place: { file, offset: found.end } }
      }
      return { lines: [], place: after }
    },
    drop: async (place) => {
      const names = await filesOf(folder)
      const done = names.filter((name) => name < place.file && name !== files.current())
      await Promise.all(done.map((name) => unlink(join(folder, name))))
    },
    close: async () => {
      await turns.end()
      await files.close()
    },
  }
}

/** The text of one turn of the event loop, handed on at its end. */
function createTurns(append: (text: string) => void): {
  add(text: string): Promise<void>
  end(): Promise<void>
} {
  let turn: { text: string; readonly done: PromiseWithResolvers<void> } | undefined
  const end = (): void => {
    const ended = turn
    turn = undefined
    try {
      append(ended?.text ?? '')
      ended?.done.resolve()
    } catch (error) {
      ended?.done.reject(error)
    }
  }
  return {
    add: (text) => {
      if (turn === undefined) {
        turn = { text: '', done: Promise.withResolvers<void>() }
        setImmediate(end)
      }
      turn.text += text
      return turn.done.promise
    },
    end: async () => turn?.done.promise,
  }
}

interface Files {
  append(text: string): void
  /** Name of the file that is written to, and its bytes. */
  current(): string
  size(): number
  close(): Promise<void>
}

/** Appends to one file until it is full, then to the next; synced twice a second. */
function openFiles(folder: string, clock: Clock, onError: (error: unknown) => void): Files {
  let current = openFile(folder, clock())
  let isDirty = false
  const sync = (fd: number, done: () => void): void =>
    fdatasync(fd, (error) => {
      if (error) onError(error)
      done()
    })
  const timer = setInterval(() => {
    if (!isDirty) return
    isDirty = false
    sync(current.fd, () => undefined)
  }, limits.audit.syncMs).unref()
  return {
    append: (text) => {
      if (current.bytes > limits.audit.fileBytes) {
        const full = current
        current = openFile(folder, clock())
        sync(full.fd, () => closeSync(full.fd))
      }
      current.bytes += write(current.fd, text)
      isDirty = true
    },
    current: () => current.name,
    size: () => current.bytes,
    close: async () => {
      clearInterval(timer)
      await new Promise<void>((resolve) => sync(current.fd, resolve))
      closeSync(current.fd)
    },
  }
}

function openFile(folder: string, nowMs: number): { name: string; fd: number; bytes: number } {
  const name = `reads-${uuid7(nowMs)}.ndjson`
  return { name, fd: openSync(join(folder, name), 'a'), bytes: 0 }
}

function write(fd: number, lines: string): number {
  try {
    const bytes = Buffer.from(lines)
    let written = 0
    while (written < bytes.length) written += writeSync(fd, bytes, written)
    return written
  } catch (cause) {
    // What cannot be audited must not be shown.
    throw fault('unavailable', {
      code: 'exception',
      text: `The audit trail cannot be written: ${String(cause)}`,
    })
  }
}

function folderIdOf(folder: string, clock: Clock): string {
  const path = join(folder, 'folder-id')
  if (!existsSync(path)) writeFileSync(path, uuid7(clock()))
  return readFileSync(path, 'utf8')
}

async function filesOf(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => /^reads-[0-9a-f-]{36}\.ndjson$/.test(name)).toSorted()
}

/** Reads up to the last whole line within the bound: a line that a power failure cut is never finished and stays behind. */
async function linesOf(path: string, offset: number): Promise<{ lines: readonly string[]; end: number }> {
  const file = await open(path)
  try {
    const left = (await file.stat()).size - offset
    if (left <= 0) return { lines: [], end: offset }
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.allocUnsafe(Math.min(left, limits.audit.groupBytes)),
      position: offset,
    })
    const whole = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
    const lines = buffer.toString('utf8', 0, whole).split('\n').filter(Boolean)
    return { lines, end: offset + whole }
  } finally {
    await file.close()
  }
}
