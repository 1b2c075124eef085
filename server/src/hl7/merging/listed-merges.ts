import { tokenKey } from '../../fhir/keys/tokens.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { everyRecord } from '../../store/every-record.ts'
import type { RecordStore, ResourceReader } from '../../store/port.ts'
import { mergeOf, MERGING, stepOf, stepsOf, type MergeRecord } from '../record/merge-record.ts'

interface ListDeps {
  readonly records: RecordStore
  readonly reader: Pick<ResourceReader, 'scan'>
}

export interface MergePage {
  /** Only those before the merge with this id. */
  readonly before?: string
  readonly limit: number
  /** Only those of what has this number. */
  readonly number?: string
}

export interface ListedMerges {
  readonly merges: readonly MergeRecord[]
  /** `before` of the page behind it; absent for the last one. */
  readonly next?: string
}

/** Newest first. One page looks at so many merges at most, so that a number that few have keeps nobody waiting; the page behind goes on. */
export async function listMerges(
  { records, reader }: ListDeps,
  { before, limit, number }: MergePage,
): Promise<ListedMerges> {
  const wanted = number === undefined ? undefined : await numbered(reader, number)
  const merges: MergeRecord[] = []
  let [looked, last] = [0, '']
  if (wanted?.size === 0) return { merges }
  const range = { collection: MERGING.merges, reverse: true, ...(before === undefined ? {} : { to: before }) }
  for await (const record of everyRecord(records, range)) {
    if (merges.length === limit || looked === limits.hl7.merges.lookedAt) return { merges, next: last }
    looked += 1
    last = record.id
    const merge = mergeOf(record)
    if (wanted === undefined || isAbout(merge, wanted)) merges.push(merge)
  }
  return { merges }
}

function isAbout({ from, to, scope }: MergeRecord, wanted: ReadonlySet<string>): boolean {
  return wanted.has(from) || wanted.has(to) || scope.some((one) => wanted.has(one))
}

/** What is merged and moved. */
const TYPES = ['Patient', 'Encounter', 'Account'] as const

/** References of what has the number, in whatever system. */
async function numbered(reader: ListDeps['reader'], number: string): Promise<ReadonlySet<string>> {
  const key = tokenKey('identifier', number)
  const limit = limits.hl7.merges.numberHolders
  const pages = await Promise.all(
    TYPES.map(async (type) => {
      const page = await reader.scan({ type, key, order: 'date', direction: 'desc', limit })
      return page.map(({ id }) => `${type}/${id}`)
    }),
  )
  return new Set(pages.flat())
}

/** @throws Fault `not-found` */
export async function knownMerge(records: RecordStore, id: string): Promise<MergeRecord> {
  const record = await records.get(MERGING.merges, id)
  if (record === undefined) throw fault('not-found', { code: 'not-found', text: 'There is no such merge.' })
  return mergeOf(record)
}

/** References of the resources that a merge changed: the first so many. */
export async function changedBy(records: RecordStore, id: string): Promise<readonly string[]> {
  const steps = await records.range({ ...stepsOf(id), limit: limits.hl7.merges.stepsTold })
  return steps.map((record) => stepOf(record).reference)
}
