import type { Commit, LoggedCommit } from '../port.ts'

/** Where the rows of a commit stand, and what the log tells about it: first row (6), number of rows (4), then JSON. */
export interface CommitHeader {
  readonly firstRow: number
  readonly rows: number
  readonly about: Pick<LoggedCommit, 'uuid' | 'time' | 'facility' | 'correlation'>
}

export function encodeCommitHeader(commit: Commit, firstRow: number): Buffer {
  const { uuid, time, facility, correlation } = commit
  const about = JSON.stringify({ uuid, time, facility, correlation })
  const header = Buffer.allocUnsafe(10 + Buffer.byteLength(about))
  header.writeUIntBE(firstRow, 0, 6)
  header.writeUInt32BE(commit.writes.length, 6)
  header.write(about, 10, 'utf8')
  return header
}

export function decodeCommitHeader(header: Buffer): CommitHeader {
  return {
    firstRow: header.readUIntBE(0, 6),
    rows: header.readUInt32BE(6),
    about: JSON.parse(header.toString('utf8', 10)) as CommitHeader['about'],
  }
}
