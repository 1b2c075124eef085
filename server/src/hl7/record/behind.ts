import type { RecordStore } from '../../store/port.ts'
import type { Ahead } from '../journal/ahead.ts'
import { FLOW } from '../journal/entry.ts'

/** Collections that lines go to which were written ahead. */
const AHEAD: ReadonlySet<string> = new Set([FLOW.journal, FLOW.raw, FLOW.pending])

/** The same records, for everybody who reads or changes the journal: what was written ahead comes into the store first. */
export function recordsBehind(records: RecordStore, ahead: Ahead): RecordStore {
  const known = async (collection: string): Promise<void> => {
    if (AHEAD.has(collection)) await ahead.settled()
  }
  return {
    async get(collection, id) {
      await known(collection)
      return records.get(collection, id)
    },
    async bySecond(collection, second) {
      await known(collection)
      return records.bySecond(collection, second)
    },
    async range(range) {
      await known(range.collection)
      return records.range(range)
    },
    apply: async (changes) => {
      const concerned = changes.filter(({ collection }) => AHEAD.has(collection))
      // Whose message is being committed just now has to be there first.
      if (concerned.some(({ id }) => ahead.isClaimed(id))) await ahead.settled()
      else if (concerned.length > 0) ahead.settle()
      return records.apply(changes)
    },
  }
}
