import { hash } from 'node:crypto'

import type { RecordChange, RecordStore } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'

/** Key of a feed's partition in the record store. */
export function partitionKey(feed: string, partition: string): string {
  return hash('sha256', JSON.stringify([feed, partition]), 'base64url')
}

/** Which partitions stand still behind a message that could not be processed. Durable; the set in memory only saves reads. */
export interface Parking {
  /** Reads what was parked when the hub stopped. */
  load(): Promise<void>
  /** The first message that is parked in one of the partitions. */
  blockedBy(keys: readonly string[], except: string): Promise<string | undefined>
  /** The record changes that park a message. */
  park(keys: readonly string[], message: string): readonly RecordChange[]
  /**
   * Messages that are parked in the partitions, oldest first; where none is, the partition is free again. Only for the one who holds the
   * partitions.
   */
  waiting(keys: readonly string[]): Promise<readonly string[]>
  readonly blockedPartitions: number
}

export function createParking(records: RecordStore): Parking {
  const blocked = new Set<string>()
  const inPartition = async (key: string, limit: number) => {
    const found = await records.range({ collection: FLOW.parked, from: `${key}|`, to: `${key}}`, limit })
    return found.map(({ id }) => id.slice(key.length + 1))
  }
  return {
    async load() {
      let after = ''
      for (;;) {
        const page = await records.range({ collection: FLOW.parked, from: after, limit: PAGE })
        const last = page.at(-1)
        if (last === undefined) return
        for (const { id } of page) blocked.add(id.slice(0, id.indexOf('|')))
        after = `${last.id}\u0000`
      }
    },
    async blockedBy(keys, except) {
      for (const key of keys) {
        if (!blocked.has(key)) continue
        const [first] = await inPartition(key, 1)
        if (first === undefined) blocked.delete(key)
        else if (first < except) return first
      }
      return undefined
    },
    park(keys, message) {
      for (const key of keys) blocked.add(key)
      return keys.map((key) => ({ op: 'put', collection: FLOW.parked, id: `${key}|${message}`, value: {} }))
    },
    async waiting(keys) {
      const found: string[] = []
      for (const key of keys) {
        const here = blocked.has(key) ? await inPartition(key, PAGE) : []
        if (here.length === 0) blocked.delete(key)
        found.push(...here)
      }
      return [...new Set(found)].toSorted((a, b) => (a < b ? -1 : 1))
    },
    get blockedPartitions() {
      return blocked.size
    },
  }
}

const PAGE = 1000
