import { limits } from '../kernel/limits.ts'
import type { RecordChange, RecordStore } from './port.ts'

/** Bytes that are larger than one record may be, kept as a row of records of one collection: `<id>/000000`, `<id>/000001`, … */
export function chunksOf({ collection, id, bytes, expires }: Chunked): readonly RecordChange[] {
  const size = limits.store.recordBytes
  return Array.from({ length: countOf(bytes) }, (_, index) => ({
    op: 'insert',
    collection,
    id: chunkId(id, index),
    value: bytes.subarray(index * size, (index + 1) * size),
    ...(expires !== undefined && { expires }),
  }))
}

/** Bytes that lie in chunks. */
export interface StoredBytes {
  readonly id: string
  readonly length: number
}

export function droppedChunks(collection: string, stored: StoredBytes): readonly RecordChange[] {
  return Array.from({ length: countOf(stored) }, (_, index) => ({
    op: 'delete',
    collection,
    id: chunkId(stored.id, index),
  }))
}

function countOf({ length }: Pick<StoredBytes, 'length'>): number {
  return Math.max(1, Math.ceil(length / limits.store.recordBytes))
}

export interface Chunked {
  readonly collection: string
  readonly id: string
  readonly bytes: Uint8Array
  readonly expires?: number
}

/** @returns `undefined` when the first chunk is not there. */
export async function readChunks(
  records: RecordStore,
  { collection, id }: Pick<Chunked, 'collection' | 'id'>,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  for (;;) {
    const chunk = await records.get(collection, chunkId(id, parts.length))
    if (!(chunk?.value instanceof Uint8Array)) break
    parts.push(chunk.value)
    if (chunk.value.length < limits.store.recordBytes) break
  }
  return parts.length === 0 ? undefined : Buffer.concat(parts)
}

function chunkId(id: string, index: number): string {
  return `${id}/${String(index).padStart(6, '0')}`
}
