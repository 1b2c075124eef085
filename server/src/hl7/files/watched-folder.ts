import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import type { FlowFeed } from '../flow/feed.ts'
import type { Intake } from '../flow/intake.ts'
import { NOT_STORED } from '../flow/refusals.ts'
import { problemsOfBatch, problemsOfFile, splitFile, type Batches } from '../mllp/batch.ts'
import { msaOf } from '../mllp/msa.ts'

export interface WatchedFolderDeps {
  readonly feed: FlowFeed
  readonly files: NonNullable<FlowFeed['files']>
  readonly intake: Intake
  readonly records: RecordStore
  /** The feed runs here: a stopped one leaves its files where they are. */
  readonly isOpen: () => boolean
  readonly report: (error: unknown, file: string) => void
}

export interface WatchedFolder {
  stop(): Promise<void>
}

interface Seen {
  readonly size: number
  readonly modified: number
}

/**
 * Takes files out of a folder when their size has stood still for one round. Each message of a file is journaled as if it had come over
 * the wire; then the file moves to `done`, or with a list of what was refused to `failed`. After a kill the file is still there: its
 * messages come again and are known.
 */
export function watchFolder(deps: WatchedFolderDeps): WatchedFolder {
  const stopping = new AbortController()
  const { signal } = stopping
  const run = async (): Promise<void> => {
    let seen: ReadonlyMap<string, Seen> = new Map()
    while (!signal.aborted) {
      try {
        if (deps.isOpen()) seen = await look(deps, seen, signal)
      } catch (error) {
        deps.report(error, deps.files.folder)
      }
      await delay(deps.files.pollMs, undefined, { signal }).catch(() => undefined)
    }
  }
  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** @returns the files that are there and not complete yet */
async function look(
  deps: WatchedFolderDeps,
  seen: ReadonlyMap<string, Seen>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Seen>> {
  const { folder, endings } = deps.files
  const names = (await readdir(folder)).filter(
    (name) => !name.startsWith('.') && endings.some((end) => name.endsWith(end)),
  )
  const growing = new Map<string, Seen>()
  for (const name of names.toSorted()) {
    if (signal.aborted) break
    const { size, mtimeMs: modified, ...found } = await stat(join(folder, name))
    const before = seen.get(name)
    if ((found.mode & DIRECTORY) === DIRECTORY) continue
    if (before?.size === size && before.modified === modified) await takeFile(deps, name)
    else growing.set(name, { size, modified })
  }
  return growing
}

const DIRECTORY = 0o040000

async function takeFile(deps: WatchedFolderDeps, name: string): Promise<void> {
  const path = join(deps.files.folder, name)
  try {
    const bytes = await readFile(path)
    const problems = await takeMessages(deps, name, bytes)
    await putAway(deps, name, problems)
  } catch (error) {
    // A file that cannot be taken at all goes away, too; the store being away is no reason for that.
    if (!(error instanceof Fault)) throw error
    await putAway(deps, name, [error.message])
  }
}

/** @returns what was refused, by the place of the message in the file */
async function takeMessages(
  deps: WatchedFolderDeps,
  name: string,
  bytes: Buffer,
): Promise<readonly string[]> {
  const { records, feed } = deps
  const whole = splitFile(bytes)
  const { messages } = whole
  const problems = problemsOf(whole)
  if (messages.length === 0)
    return isEmptyBatch(whole) ? problems : ['the file holds no message', ...problems]
  const place = { collection: FILES, id: `${feed.name}|${contentHash(bytes)}` }
  const known = (await records.get(place.collection, place.id))?.value as
    | { readonly taken?: number }
    | undefined
  for (let at = known?.taken ?? 0; at < messages.length; at += limits.hl7.batchAtOnce) {
    const part = messages.slice(at, at + limits.hl7.batchAtOnce)
    problems.push(...(await takePart(deps.intake, part, at)))
    const value = { name: basename(name), taken: Math.min(at + part.length, messages.length) }
    await records.apply([{ op: 'put', ...place, value, expires: Date.now() + limits.hl7.fileKnownMs }])
  }
  return problems
}

function problemsOf({ files }: Batches): string[] {
  return files.flatMap((file) => [
    ...problemsOfFile(file),
    ...file.batches.flatMap((batch, at) => problemsOfBatch(batch).map((text) => `batch ${at + 1}: ${text}`)),
  ])
}

/** A sender that had nothing to tell said so. */
function isEmptyBatch({ files }: Batches): boolean {
  return files.some(({ batches, declared }) =>
    batches.length === 0 ? declared === 0 : batches.every((batch) => batch.declared === 0),
  )
}

/** @throws Error when the store cannot take a message: the file stays where it is and is tried again */
async function takePart(intake: Intake, messages: readonly Buffer[], at: number): Promise<readonly string[]> {
  const answers = await Promise.all(messages.map(async (message) => intake.receive(message, () => undefined)))
  return answers.flatMap((answer, index) => {
    const [, code = 'AA', id = '', text = ''] = (answer && msaOf(answer)) ?? []
    if (text === NOT_STORED.errors[0]?.text) throw new Error('the store could not take a message of the file')
    return code.endsWith('A') ? [] : [`message ${at + index + 1} ${id}: ${code} ${text}`]
  })
}

/** How far the messages of a file were taken: a large file goes on where it was when the hub was killed. */
const FILES = 'hl7-files'

function contentHash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url')
}

async function putAway(
  { files }: WatchedFolderDeps,
  name: string,
  problems: readonly string[],
): Promise<void> {
  const { folder, done = join(folder, 'done'), failed = join(folder, 'failed') } = files
  const target = problems.length === 0 ? done : failed
  await mkdir(target, { recursive: true })
  const path = join(target, `${Date.now()}-${name}`)
  if (problems.length > 0) await writeFile(`${path}.problems.txt`, `${problems.join('\n')}\n`)
  await rename(join(folder, name), path)
}
