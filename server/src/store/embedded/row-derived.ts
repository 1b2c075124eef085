import { isoText, putIsoText } from '../../kernel/instant-text.ts'
import { putAscii, putBytes } from '../../kernel/short-bytes.ts'
import type { ResourceWrite } from '../port.ts'

/** What of a version its row does not hold, because its header tells it: bits of the row's flags. */
const LEFT_OUT = {
  /** The sort scalar `_id`. */
  id: 8,
  /** The range `_lastUpdated`. */
  updated: 16,
  /** How the resource begins, see `headOf`. */
  head: 32,
} as const

/** What a search verifies on besides hashes. Open ends of ranges are `null`, which is what JSON makes of ±Infinity. */
export interface RowExtras {
  readonly r?: readonly (readonly [param: string, lo: number | null, hi: number | null])[]
  readonly n?: readonly (readonly [param: string, text: string])[]
  readonly s?: Readonly<Record<string, string>>
  readonly c?: readonly string[]
}

/** What the header of a row tells. */
export interface Known {
  readonly type: string
  readonly id: string
  readonly version: number
  readonly lastUpdated: number
}

export const isHeadLeftOut = (flags: number): boolean => (flags & LEFT_OUT.head) !== 0

/** The flags of the same row with all that it begins with. */
export const withHead = (flags: number): number => flags & ~LEFT_OUT.head

/** What stands before the type, the id, the version, the time of the last change, and behind it. */
const [TYPE, ID, VERSION, UPDATED_AT, END] = [
  '{"resourceType":"',
  '","id":"',
  '","meta":{"versionId":"',
  '","lastUpdated":"',
  '"',
] as const

/** How the hub writes the beginning of every resource. */
function headOf({ type, id, version, lastUpdated }: Known): string {
  return `${TYPE}${type}${ID}${id}${VERSION}${version}${UPDATED_AT}${isoText(lastUpdated)}${END}`
}

/** Where the bytes of type and id stand, one behind the other, and the rest of what the head tells. */
export interface HeadSource {
  readonly bytes: Uint8Array
  readonly typeAt: number
  readonly idAt: number
  readonly idEnd: number
  readonly version: number
  readonly lastUpdated: number
}

/** Puts `headOf` into the target, without making it a text first. @returns where it ends */
export function putHead(target: Uint8Array, at: number, source: HeadSource): number {
  const { bytes, typeAt, idAt, idEnd, version, lastUpdated } = source
  let next = putAscii(target, at, TYPE)
  next = putBytes(target, next, { bytes, from: typeAt, to: idAt })
  next = putAscii(target, next, ID)
  next = putBytes(target, next, { bytes, from: idAt, to: idEnd })
  next = putAscii(target, next, VERSION)
  next = putAscii(target, next, String(version))
  next = putAscii(target, next, UPDATED_AT)
  next = putIsoText(target, next, lastUpdated)
  return putAscii(target, next, END)
}

const WITHOUT_NAMES = headOf({ type: '', id: '', version: 1, lastUpdated: 0 }).length - 1
/** From here on the text of a time is longer. */
const YEAR_10000 = Date.UTC(10_000, 0)

/** How many bytes `headOf` has. @param names bytes of type and id */
export function headBytes(names: { type: number; id: number }, version: number, lastUpdated: number): number {
  const digits = String(version).length
  const more = lastUpdated < YEAR_10000 ? 0 : isoText(lastUpdated).length - isoText(0).length
  return WITHOUT_NAMES + names.type + names.id + digits + more
}

/** The extras that the row of a write holds, with the flags that say what is left out of them. */
export function extrasOf({ id, keys, lastUpdated }: ResourceWrite): { extras: RowExtras; flags: number } {
  const ranges = keys.r.filter((range) => !isOwnUpdate(range, lastUpdated))
  const isUpdateOut = keys.r.length - ranges.length === 1
  const { _id: own, ...scalars } = keys.s ?? {}
  const isIdOut = own === id
  const kept = isUpdateOut ? ranges : keys.r
  const names = keys.n.filter(({ p, text }, at) => p !== keys.n[at - 1]?.p || text !== keys.n[at - 1]?.text)
  return {
    extras: {
      ...(kept.length > 0 && { r: kept.map(({ p, lo, hi }) => [p, lo, hi] as const) }),
      ...(names.length > 0 && { n: names.map(({ p, text }) => [p, text] as const) }),
      ...(keys.s !== undefined && { s: isIdOut ? scalars : keys.s }),
      ...(keys.patients.length > 0 && { c: keys.patients }),
    },
    flags: (isUpdateOut ? LEFT_OUT.updated : 0) + (isIdOut ? LEFT_OUT.id : 0),
  }
}

const UPDATED = '_lastUpdated'

function isOwnUpdate({ p, lo, hi }: { p: string; lo: number; hi: number }, lastUpdated: number): boolean {
  return p === UPDATED && lo === lastUpdated && hi === lastUpdated + 1
}

/** The extras with what was left out of them. */
export function wholeExtras(
  stored: RowExtras,
  flags: number,
  known: Pick<Known, 'id' | 'lastUpdated'>,
): RowExtras {
  const { id, lastUpdated } = known
  return {
    ...stored,
    ...((flags & LEFT_OUT.updated) !== 0 && { r: wholeRanges(stored, flags, lastUpdated) }),
    ...((flags & LEFT_OUT.id) !== 0 && { s: { _id: id, ...stored.s } }),
  }
}

export function wholeRanges(
  { r = [] }: RowExtras,
  flags: number,
  lastUpdated: number,
): NonNullable<RowExtras['r']> {
  return (flags & LEFT_OUT.updated) === 0 ? r : [...r, [UPDATED, lastUpdated, lastUpdated + 1]]
}

/**
 * The sort scalars in the text of stored extras, with what was left out of them, as JSON text that begins with their object. No text in it
 * can look like its beginning: quotes in texts are escaped, and no other value is an object.
 */
export function wholeScalars(stored: string, flags: number, idOf: () => string): string {
  const at = stored.indexOf(SCALARS)
  const scalars = at < 0 ? '' : stored.slice(at + SCALARS.length)
  return (flags & LEFT_OUT.id) === 0 ? scalars : `"_id":"${idOf()}",${scalars}`
}

const SCALARS = '"s":{'

/** One of `wholeScalars`. */
export function scalarIn(scalars: string, name: string): string | undefined {
  const key = `"${name}":"`
  const at = scalars.indexOf(key)
  if (at < 0) return undefined
  const start = at + key.length
  let end = scalars.indexOf('"', start)
  if (!scalars.slice(start, end).includes('\\')) return scalars.slice(start, end)
  while (isEscaped(scalars, end)) end = scalars.indexOf('"', end + 1)
  return JSON.parse(scalars.slice(start - 1, end + 1)) as string
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

/** @returns how many bytes of the write's resource are its head; 0 when it begins in another way. */
export function headLength(write: ResourceWrite): number {
  const { type, id, expected, lastUpdated, bytes } = write
  const head = Buffer.from(headOf({ type, id, version: expected + 1, lastUpdated }), 'utf8')
  return head.length <= bytes.length && head.compare(bytes, 0, head.length) === 0 ? head.length : 0
}

export const HEAD_LEFT_OUT = LEFT_OUT.head
