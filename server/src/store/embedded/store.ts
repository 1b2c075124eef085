import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { systemClock, type Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import { noCrash, type Crash } from '../crash.ts'
import type { Store } from '../port.ts'
import type { AppendedRow } from './appender.ts'
import { backupData } from './backup.ts'
import { openDataFile, transactDurably, type DataFile } from './databases.ts'
import { encoded } from './encoded-write.ts'
import { lockFolder } from './folder-lock.ts'
import { KeyHash } from './key-hash.ts'
import { createLog } from './log.ts'
import { openMeta } from './meta.ts'
import { createRecords } from './records.ts'
import { createResources } from './resources.ts'
import { RowCache } from './row-cache.ts'
import { RowReader } from './row-reader.ts'
import { RowSet } from './row-set.ts'
import { rowIsDeleted } from './row.ts'
import { SearchIndex } from './search-index.ts'
import { Writer } from './writer.ts'

export interface EmbeddedStoreOptions {
  /** Made when it is not there. One process at a time. */
  readonly folder: string
  readonly clock?: Clock
  readonly crash?: Crash
  /** How many rows wait in memory before they are merged into the index. */
  readonly mergeRows?: number
  /** From how many writes the rows of a commit are indexed before it becomes visible. */
  readonly bulkWrites?: number
  /** The seam of the power-loss test: runs lmdb's own synced transaction and may look on. */
  readonly durably?: (transaction: () => Promise<void>) => Promise<void>
}

/**
 * The store of one process without a server: LMDB files in a folder.
 *
 * @throws Fault `unavailable` when another process has the folder, or a newer version of the hub has written it.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(options.folder)
  try {
    const data = openDataFile(join(options.folder, DATA))
    return await start(data, options, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

const DATA = 'data.mdb'
const INDEX = 'index.mdb'

async function start(data: DataFile, options: EmbeddedStoreOptions, unlock: () => void): Promise<Store> {
  const { clock = systemClock, crash = noCrash, durably = async (transaction) => transaction() } = options
  const meta = openMeta(data)
  const hash = new KeyHash(meta.hashSeed)
  const stale = new RowSet()
  const cache = new RowCache()
  const show = (appended: AppendedRow): void => {
    if (appended.previous !== 0) stale.add(appended.previous)
    if (rowIsDeleted(appended.row)) stale.add(appended.seq)
    index.add(appended)
  }
  const writer = new Writer({
    data,
    hash,
    clock,
    crash,
    durably: async (work) => durably(async () => transactDurably(data, work)),
    onDurable(rows, rekeyed) {
      for (const row of rows) show(row)
      for (const row of rekeyed) {
        cache.delete(row.seq)
        index.rekey(row)
      }
      log.wake()
    },
    room: () => index.room(),
    bulkWrites: options.bulkWrites ?? limits.store.bulkWrites,
  })
  const log = createLog(data, writer)
  for (const key of data.superseded.getKeys()) stale.add(key.readUIntBE(0, 6))
  const index = await SearchIndex.open({
    data,
    dataPath: join(options.folder, DATA),
    indexPath: join(options.folder, INDEX),
    hash,
    hashSeed: meta.hashSeed,
    lastRow: writer.appender.lastRow,
    stale,
    crash,
    mergeRows: options.mergeRows ?? limits.store.mergeRows,
    onFiled: (upTo) => writer.rekeyer.filed(upTo),
  })
  return {
    resources: createResources({ data, hash, index, stale, cache, reader: new RowReader(data) }),
    records: { ...createRecords(data, clock), apply: (changes) => writer.apply(changes) },
    log,
    commit: (commit) => writer.commit(commit),
    encoded: (write) => encoded(write, hash),
    rekey: (changes) => writer.rekey(changes),
    backup: async (folder) => backupData(data, folder),
    health: () => healthOf(writer, index),
    async close() {
      await writer.close()
      await index.close()
      await data.env.close()
      unlock()
    },
  }
}

function healthOf(writer: Writer, index: SearchIndex): Readonly<Record<string, number>> {
  return {
    commits: writer.appender.head,
    rows: writer.appender.lastRow,
    pending_writes: writer.pending,
    batches: writer.batches,
    last_batch_ms: writer.lastBatchMs,
    unmerged_rows: index.tailRows,
    merge_failures: index.failures,
  }
}
