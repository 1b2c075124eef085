import { afterEach, beforeEach, describe } from 'vitest'

import { commitContract } from './commits.contract.ts'
import { START, type Bench, type StorePlace } from './contract-bench.ts'
import { keyRebuildContract } from './key-rebuild.contract.ts'
import { logContract } from './log.contract.ts'
import { pagingContract } from './paging.contract.ts'
import type { Store } from './port.ts'
import { recordContract } from './records.contract.ts'
import { rekeyContract } from './rekey.contract.ts'
import { resourceContract } from './resources.contract.ts'
import { searchContract } from './search.contract.ts'

/** The tests that every store adapter passes, by the word of `port.ts`. */
export function storeContract(name: string, freshPlace: () => Promise<StorePlace>): void {
  describe(`${name} store`, () => {
    let place: StorePlace
    let open: { store: Store; now: number }

    const bench: Bench = {
      get store() {
        return open.store
      },
      get now() {
        return open.now
      },
      set now(now) {
        open.now = now
      },
      async reopen() {
        await open.store.close()
        open.store = await place.open(() => open.now)
        return open.store
      },
    }

    beforeEach(async () => {
      place = await freshPlace()
      const store = await place.open(() => open.now)
      open = { store, now: START }
    })

    afterEach(async () => {
      await open.store.close()
      await place.remove()
    })

    resourceContract(bench)
    searchContract(bench)
    commitContract(bench)
    recordContract(bench)
    logContract(bench)
    pagingContract(bench)
    rekeyContract(bench)
    keyRebuildContract(bench)
  })
}
