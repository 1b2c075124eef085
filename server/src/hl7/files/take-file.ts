import { createHash } from 'node:crypto'
import { constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import type { RecordStore } from '../../store/port.ts'
import type { Intake } from '../flow/intake.ts'
import { NOT_STORED } from '../flow/refusals.ts'
import type { FlowFeed } from '../journal/feed.ts'
import { ackCode } from '../mllp/ack.ts'
import { problemsOf, splitPaced, type Batches } from '../mllp/batch.ts'
import { findHeader, readHeader } from '../mllp/header.ts'

export interface TakeFileDeps {
  readonly feed: FlowFeed
  readonly files: NonNullable<FlowFeed['files']>
  readonly intake: Pick<Intake, 'take'>
  readonly records: RecordStore
  /** The feed runs here: a stopped one leaves its files where they are, also one of which a part was taken. */
  readonly isOpen: () => boolean
}

/**
 * Journals each message of a file as if it had come over the wire; then the file moves to `done`, or with a list of what was refused to `failed`.
 * After a kill the file is still there: it goes on where it was, and messages that come again are known.
 *
 * @throws Error of the file system when the file cannot be read or moved, another when the store takes nothing: the file stays where it is
 */
export async function takeFile(
  deps: TakeFileDeps,
  { name, size }: { readonly name: string; readonly size: number },
): Promise<void> {
  const problems = size > limits.hl7.fileBytes ? [TOO_LARGE] : await takeMessages(deps, name)
  if (problems !== undefined) await putAway(deps, name, problems)
}

const TOO_LARGE = `the file is larger than ${limits.hl7.fileBytes} bytes: cut it into several`

const NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW

/** @returns what was refused, by the place of the message in the file; `undefined` when the feed was stopped on the way */
async function takeMessages(deps: TakeFileDeps, name: string): Promise<readonly string[] | undefined> {
  const { records, feed, files } = deps
  const bytes = await readFile(join(files.folder, name), { flag: NO_LINK })
  const whole = await splitPaced(bytes).catch(asFault)
  if (whole instanceof Fault) return [whole.message]
  const { messages } = whole
  const wrong = problemsOf(whole)
  if (messages.length === 0) return isEmptyBatch(whole) ? wrong : ['the file holds no message', ...wrong]
  const place = { collection: FILES, id: `${feed.name}|${await contentHash(bytes)}` }
  const { taken = 0, refused = [] } = ((await records.get(place.collection, place.id))?.value ?? {}) as Taken
  const problems = [...refused]
  for (let at = taken; at < messages.length; at += limits.hl7.batchAtOnce) {
    if (!deps.isOpen()) return undefined
    const part = messages.slice(at, at + limits.hl7.batchAtOnce)
    problems.push(...(await takePart(deps, part, at)))
    const reached = { taken: at + part.length, refused: problems.slice(0, REFUSED_KEPT) }
    const value = { name: basename(name), ...reached }
    await records.apply([{ op: 'put', ...place, value, expires: Date.now() + limits.hl7.fileKnownMs }])
  }
  return [...wrong, ...problems]
}

/** How far the messages of a file were taken, and what of them was refused. */
interface Taken {
  readonly taken?: number
  readonly refused?: readonly string[]
}

const FILES = 'hl7-files'
const REFUSED_KEPT = 1000

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  throw error
}

/** A sender that had nothing to tell said so. */
function isEmptyBatch({ files }: Batches): boolean {
  return files.some(({ batches, declared }) =>
    batches.length === 0 ? declared === 0 : batches.every((batch) => batch.declared === 0),
  )
}

async function takePart(
  { intake }: TakeFileDeps,
  messages: readonly Buffer[],
  at: number,
): Promise<readonly string[]> {
  const told = await Promise.all(
    messages.map(async (message) => ({ message, ack: await intake.take(message) })),
  )
  return told.flatMap(({ message, ack }, index) => {
    if (ack === NOT_STORED) throw new Error('the store could not take a message of the file')
    if (ack.verdict === 'accept') return []
    const id = (readHeader(message) ?? findHeader(message))?.field(10) ?? ''
    return [`message ${at + index + 1} ${id}: ${ackCode('application', ack)} ${ack.errors[0]?.text ?? ''}`]
  })
}

async function contentHash(bytes: Buffer): Promise<string> {
  const pace = createPace()
  const hash = createHash('sha256')
  for (let at = 0; at < bytes.length; at += HASHED_AT_ONCE) {
    hash.update(bytes.subarray(at, at + HASHED_AT_ONCE))
    await pace()
  }
  return hash.digest('base64url')
}

const HASHED_AT_ONCE = 1024 * 1024

async function putAway({ files }: TakeFileDeps, name: string, problems: readonly string[]): Promise<void> {
  const { folder, done = join(folder, 'done'), failed = join(folder, 'failed') } = files
  const target = problems.length === 0 ? done : failed
  await mkdir(target, { recursive: true })
  const path = join(target, `${Date.now()}-${name}`)
  if (problems.length > 0) await writeFile(`${path}.problems.txt`, `${problems.join('\n')}\n`)
  await rename(join(folder, name), path)
}
