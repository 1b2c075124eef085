import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { fault } from '../../kernel/fault.ts'

/**
 * Takes the folder for this process. Node has no file locks of its own, SQLite has: an exclusive transaction that is never written holds an
 * operating-system lock that ends with the process, however it ends, and that containers on one volume see, too.
 *
 * @returns gives the folder free.
 * @throws Fault `unavailable` when another process (or another store of this one) has it.
 */
export function lockFolder(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, 'lock'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (!isBusy(error)) throw error
    throw fault('unavailable', {
      code: 'lock-error',
      text: `another hub process is using the data folder ${folder}: stop it first`,
    })
  }
  return () => lock.close()
}

const SQLITE_BUSY = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
