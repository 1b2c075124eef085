import { MongoClient, type MongoClientOptions } from 'mongodb'

import { systemClock, type Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { noCrash, type Crash } from '../crash.ts'
import { KEY_ENCODING } from '../keys.ts'
import type { Store } from '../port.ts'
import { exportTo } from './backup.ts'
import { databaseIn } from './database-name.ts'
import { databaseOf, ignoreDuplicate, retrying, type Database } from './database.ts'
import { mendDriver } from './driver-patch.ts'
import { appliedUpTo, commitLog } from './log.ts'
import { recordStore } from './records.ts'
import { recoverer } from './recovery.ts'
import { rekey } from './rekey.ts'
import { resourceReader } from './resources.ts'
import { applyFrom, Writer } from './writer.ts'

export interface MongoStoreOptions {
  /** `mongodb://…` or `mongodb+srv://…`, with one host or several; credentials, TLS and replica set are options of the URL. */
  readonly url: string
  /** Absent: the one that the URL names, else `mogran`. */
  readonly database?: string
  readonly clock?: Clock
  readonly crash?: Crash
}

/** Documents of another number are of another hub. */
const SCHEMA = 1

const CLIENT: MongoClientOptions = {
  appName: 'mogran',
  // Nothing is answered, read or applied that a change of the primary could take back.
  writeConcern: { w: 'majority', journal: true },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  // The adapter tries again itself: everything but the append is idempotent, and the append looks who is there.
  retryWrites: false,
  ignoreUndefined: true,
}

/**
 * Opens the store on a server that speaks MongoDB's protocol. Several processes may share one database.
 *
 * @throws Fault `unavailable` when the server does not answer, `unsupported` when a newer hub has written the database
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const { url, database: name = databaseIn(url), clock = systemClock, crash = noCrash } = options
  mendDriver()
  const client = new MongoClient(url, { serverSelectionTimeoutMS: limits.store.mongoSelectMs, ...CLIENT })
  try {
    await client.connect()
    const database = databaseOf(client.db(name))
    await checkSchema(database)
    // What another process left behind is applied before the first read.
    const head = await applyFrom(database, await appliedUpTo(database), clock)
    return storeOf({ client, database, clock, crash, head })
  } catch (error) {
    await client.close()
    throw error
  }
}

interface Parts {
  readonly client: MongoClient
  readonly database: Database
  readonly clock: Clock
  readonly crash: Crash
  readonly head: number
}

function storeOf({ client, database, clock, crash, head }: Parts): Store {
  const { log, growth } = commitLog(database, clock)
  const writer = new Writer({ database, now: clock, crash, notify: growth.notify }, head)
  const recovery = recoverer(database, {
    now: clock,
    notify: growth.notify,
    isBusy: () => writer.isBusy,
  })
  return {
    resources: resourceReader(database),
    records: recordStore(database, clock, (changes) => writer.apply(changes)),
    log,
    commit: async (commit) => writer.commit(commit),
    encoded: (write) => write,
    rekey: async (changes) => rekey(database, changes),
    backup: async (folder) => exportTo(database, folder),
    health: () => ({
      commits_total: writer.counts.commits,
      batches_total: writer.counts.batches,
      overtaken_total: writer.counts.overtaken,
      recovered_total: recovery.recovered(),
      pending_commits: writer.waiting,
    }),
    close: async () => {
      await writer.close()
      await recovery.stop()
      growth.close()
      await client.close()
    },
  }
}

async function checkSchema({ meta }: Database): Promise<void> {
  await retrying(async () => meta.insertOne({ _id: 'applied', n: 0 })).catch(ignoreDuplicate)
  const versions = { schema: SCHEMA, keys: KEY_ENCODING }
  for (const [_id, n] of Object.entries(versions)) {
    await retrying(async () => meta.insertOne({ _id, n })).catch(ignoreDuplicate)
    // From now on the database is written with this version, which an older hub would not understand.
    const raise = async () => meta.findOneAndUpdate({ _id }, { $max: { n } }, { returnDocument: 'after' })
    const there = (await retrying(raise))?.n ?? n
    if (there === n) continue
    const text = `The database has ${_id} version ${there}, this hub knows ${n}. Start a hub that is as new.`
    throw fault('unsupported', { code: 'not-supported', text })
  }
}
