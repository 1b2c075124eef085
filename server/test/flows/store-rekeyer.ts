import { writeSync } from 'node:fs'

import { keysOf } from '../../src/store/contract-bench.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import { createKeyRebuilder } from '../../src/store/key-rebuild.ts'

/**
 * A process that goes on with the rebuild of search keys, tells each id, and kills itself behind `most` of them.
 *
 * Arguments: folder, most, milliseconds that its clock is ahead (a lease of one that was killed before it has run out).
 */
const [folder = '', most = '', ahead = ''] = process.argv.slice(2)
let left = Number(most)

const store = await openEmbeddedStore({ folder, mergeRows: 20 })
const rebuilder = createKeyRebuilder({
  store,
  clock: () => Date.now() + Number(ahead),
  step: 7,
  onError: (error) => {
    throw error
  },
  onUnmade: (_rebuild, _unmade, error) => {
    throw error
  },
  keysOf: async (row) => {
    if (left-- === 0) process.kill(process.pid, 'SIGKILL')
    writeSync(1, `${row.id}\n`)
    return Promise.resolve(keysOf({ k: ['made=new'], date: row.date }))
  },
})
await rebuilder.start({ name: 'definitions', target: 'new' })
while (!(await rebuilder.progress())[0]?.isFinished) await new Promise((resolve) => setImmediate(resolve))
await rebuilder.close()
await store.close()
