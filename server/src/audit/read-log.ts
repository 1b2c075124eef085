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
  /** Whole lines behind a place, oldest first, those of an earlier process included; empty when there are none. */
  take(
    after: ReadLogPlace | undefined,
  ): Promise<{ lines: readonly string[]; place: ReadLogPlace | undefined }>
  /** Removes the files before the place. */
  drop(place: ReadLogPlace): Promise<void>
  close(): Promise<void>
}

/** Files of audit rows, one JSON line each. Names sort by time, so that shipping may go through them in order. */
export function openReadLog(folder: string, clock: Clock, onError: (error: unknown) => void): ReadLog {
  mkdirSync(folder, { recursive: true })
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
    folderId: folderIdOf(folder, clock),
    append: (line) => {
      if (current.bytes > limits.audit.fileBytes) {
        const full = current
        current = openFile(folder, clock())
        sync(full.fd, () => closeSync(full.fd))
      }
      current.bytes += writeLine(current.fd, line)
      isDirty = true
    },
    take: async (after) => {
      for (const file of (await filesOf(folder)).filter(
        (name) => after === undefined || name >= after.file,
      )) {
        const found = await linesOf(join(folder, file), file === after?.file ? after.offset : 0)
        if (found.lines.length > 0) return { lines: found.lines, place: { file, offset: found.end } }
      }
      return { lines: [], place: after }
    },
    drop: async (place) => {
      const done = (await filesOf(folder)).filter((name) => name < place.file && name !== current.name)
      await Promise.all(done.map((name) => unlink(join(folder, name))))
    },
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

function writeLine(fd: number, line: string): number {
  try {
    const bytes = Buffer.from(`${line}\n`)
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
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(limits.audit.groupBytes),
      position: offset,
    })
    const whole = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
    const lines = buffer.toString('utf8', 0, whole).split('\n').filter(Boolean)
    return { lines, end: offset + whole }
  } finally {
    await file.close()
  }
}
