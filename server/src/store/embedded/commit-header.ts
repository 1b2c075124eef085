import type { Commit, LoggedCommit } from '../port.ts'
import { Lz } from './lz.hot.ts'

/**
 * Where the rows of a commit stand, and what the log tells about it; all numbers big-endian:
 *
 * 0 first row (6), 6 number of rows (4), 10 format 2 (1), 11 length of the first line (4), 15 length of the text (4), then the text, compressed:
 * JSON, a line for each audit row. Short texts, those that compressing does not make shorter, and those of older stores, stand at 10 as they are.
 */
export interface CommitHeader {
  readonly rows: number
  readonly firstRow: number
  readonly about: Pick<LoggedCommit, 'uuid' | 'time' | 'facility' | 'correlation'>
}

const TEXT = 10
const COMPRESSED = 2
const PACKED = 19
const NEWLINE = 0x0a
/** Shorter texts, of one or two writes, are not worth the time: the log forgets them within days. */
const LONG_BYTES = 512

/** How commits and audit rows are written, what is most frequent last; never to be changed: headers can be read with this text only. */
export const COMMIT_DICTIONARY = [
  'Appointment AllergyIntolerance Immunization CareTeam CarePlan Claim ImagingStudy ExplanationOfBenefit DocumentReference',
  'Provenance Task Coverage Device Specimen Location Organization PractitionerRole Practitioner ServiceRequest',
  'MedicationRequest MedicationAdministration DiagnosticReport Procedure Condition Encounter Patient',
  '"facility":"Organization/0","action":"E","interaction":"transaction","outcome":"refused","outcome":"failed"',
  '"action":"D","interaction":"delete","action":"U","interaction":"patch","action":"U","interaction":"update"',
  '{"uuid":"01a2","time":1800000000000,"correlation":"01a2"}',
  '{"id":"01a2","time":1800000000000,"subject":"","action":"C","interaction":"create","entity":"Observation/01a2',
  '","outcome":"success","patients":["01a2"],"correlation":"01a2"}',
].join('\n')
const LZ = new Lz(Buffer.from(COMMIT_DICTIONARY, 'utf8'))

const NOTHING = new Uint8Array(0)

/** The header of a commit, without what only its transaction knows: see `stampCommitHeader`. */
export function encodeCommitHeader(commit: Commit): Buffer {
  const { uuid, time, facility, correlation, audit = [] } = commit
  const about = JSON.stringify({ uuid, time, facility, correlation })
  const aboutBytes = Buffer.byteLength(about)
  let text = about
  for (const line of audit) text += `\n${line}`
  const textBytes = Buffer.byteLength(text)
  const packed = textBytes < LONG_BYTES ? undefined : LZ.compress(NOTHING, text)
  const isShorter = packed !== undefined && PACKED + packed.length < TEXT + textBytes
  const header = Buffer.allocUnsafe(isShorter ? PACKED + packed.length : TEXT + textBytes)
  header.writeUInt32BE(commit.writes.length, 6)
  if (isShorter) {
    header[TEXT] = COMPRESSED
    header.writeUInt32BE(aboutBytes, TEXT + 1)
    header.writeUInt32BE(textBytes, TEXT + 5)
    header.set(packed, PACKED)
  } else header.write(text, TEXT, 'utf8')
  return header
}

export function stampCommitHeader(header: Buffer, firstRow: number): void {
  header.writeUIntBE(firstRow, 0, 6)
}

export const commitFirstRow = (header: Buffer): number => header.readUIntBE(0, 6)

export function decodeCommitHeader(header: Buffer): CommitHeader {
  const about = isPacked(header) ? textOf(header, header.readUInt32BE(TEXT + 1)) : firstLine(textOf(header))
  return {
    firstRow: commitFirstRow(header),
    rows: header.readUInt32BE(6),
    about: JSON.parse(about.toString('utf8')) as CommitHeader['about'],
  }
}

export function auditOfHeader(header: Buffer): readonly string[] {
  const [, ...lines] = textOf(header).toString('utf8').split('\n')
  return lines
}

const isPacked = (header: Buffer): boolean => header[TEXT] === COMPRESSED

/** The text up to `end`, or all of it. */
function textOf(header: Buffer, end?: number): Buffer {
  if (!isPacked(header)) return header.subarray(TEXT)
  return LZ.decompress(header.subarray(PACKED), end ?? header.readUInt32BE(TEXT + 5))
}

function firstLine(text: Buffer): Buffer {
  const end = text.indexOf(NEWLINE)
  return end < 0 ? text : text.subarray(0, end)
}
