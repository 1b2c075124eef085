import type { Commit, LoggedCommit } from '../port.ts'

/** Where the rows of a commit stand, and what the log tells about it: first row (6), number of rows (4), JSON, a line for each audit row. */
export interface CommitHeader {
  readonly firstRow: number
  readonly rows: number
  readonly about: Pick<LoggedCommit, 'uuid' | 'time' | 'facility' | 'correlation'>
}

const ABOUT = 10
const NEWLINE = 0x0a

/** The header of a commit, without what only its transaction knows: see `stampCommitHeader`. */
export function encodeCommitHeader(commit: Commit): Buffer {
  const { uuid, time, facility, correlation, audit = [] } = commit
  const text = [JSON.stringify({ uuid, time, facility, correlation }), ...audit].join('\n')
  const header = Buffer.allocUnsafe(ABOUT + Buffer.byteLength(text))
  header.writeUInt32BE(commit.writes.length, 6)
  header.write(text, ABOUT, 'utf8')
  return header
}

export function stampCommitHeader(header: Buffer, firstRow: number): void {
  header.writeUIntBE(firstRow, 0, 6)
}

export function decodeCommitHeader(header: Buffer): CommitHeader {
  return {
    firstRow: header.readUIntBE(0, 6),
    rows: header.readUInt32BE(6),
    about: JSON.parse(header.toString('utf8', ABOUT, endOfAbout(header))) as CommitHeader['about'],
  }
}

export function auditOfHeader(header: Buffer): readonly string[] {
  const end = endOfAbout(header)
  return end === header.length ? [] : header.toString('utf8', end + 1).split('\n')
}

function endOfAbout(header: Buffer): number {
  const end = header.indexOf(NEWLINE, ABOUT)
  return end < 0 ? header.length : end
}
