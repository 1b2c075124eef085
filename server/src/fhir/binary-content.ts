import { chunksOf, readChunks } from '../store/chunks.ts'
import type { RecordChange, RecordStore } from '../store/port.ts'

/**
 * Content of a Binary that no resource could hold: records beside it, in the same commit. Whoever reads such a version finds the resource
 * without `data`, and REST puts the content back.
 */
const CONTENT = 'binary-content'

/** Which version of a Binary a content belongs to: content never changes, and a later version has its own or none. */
export interface ContentKey {
  readonly id: string
  readonly version: number
}

/** The records of a content, to be written in the commit of its Binary. */
export function contentRecords(key: ContentKey, bytes: Uint8Array): readonly RecordChange[] {
  return chunksOf({ collection: CONTENT, id: recordId(key), bytes })
}

/** @returns `undefined` when the version has its content in itself, or none */
export async function readContent(records: RecordStore, key: ContentKey): Promise<Uint8Array | undefined> {
  return readChunks(records, { collection: CONTENT, id: recordId(key) })
}

function recordId({ id, version }: ContentKey): string {
  return `${id}/${String(version)}`
}
