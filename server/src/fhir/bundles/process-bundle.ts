import { fault } from '../../kernel/fault.ts'
import type { Answer, Call } from '../calls/call.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { batch } from './batch.ts'
import type { Entry } from './entry.ts'
import { readBundle } from './read-bundle.ts'
import type { Broken } from './read-bundle.ts'
import type { CutBundle } from './receive-bundle.ts'
import { transaction } from './transaction.ts'

/** A Bundle that was posted to the base. @throws Fault `malformed` when it is no batch and no transaction */
export async function processBundle(deps: RestDeps, call: Call, cut: CutBundle): Promise<Answer> {
  const { type, entries } = await readBundle(cut, deps.base)
  if (type === 'batch') return batch(deps, call, entries)
  if (type === 'transaction') return transaction(deps, call, entries.map(whole))
  throw fault('malformed', {
    code: 'value',
    text: 'Post a Bundle of type "batch" or "transaction"',
    at: 'Bundle.type',
  })
}

/** @throws Fault where an entry cannot be processed: then nothing of a transaction is done */
function whole(entry: Entry | Broken): Entry {
  if ('fault' in entry) throw entry.fault
  return entry
}
