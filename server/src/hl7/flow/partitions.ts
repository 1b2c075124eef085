import { limits } from '../../kernel/limits.ts'

export interface Partitions {
  /** Runs the work when everything that was handed in before it for any of the partitions is over, and a place is free. */
  run(partitions: readonly string[], work: () => Promise<void>): Promise<void>
  readonly inFlight: number
  /** Handed in and not yet over. */
  readonly outstanding: number
}

/**
 * One message at a time in each partition, in the order of handing in; many partitions side by side. A message of several partitions (a
 * merge of two patients) waits for all of them and holds all of them. Nobody waits for what came later, so that nobody waits for ever.
 */
export function createPartitions(most: number = limits.hl7.inFlight): Partitions {
  const tails = new Map<string, Promise<void>>()
  const waiting: (() => void)[] = []
  let inFlight = 0
  let outstanding = 0

  async function inPlace(work: () => Promise<void>): Promise<void> {
    if (inFlight >= most) await new Promise<void>((free) => waiting.push(free))
    else inFlight++
    try {
      await work()
    } finally {
      // The place goes straight to the next one in the line, if there is one.
      const next = waiting.shift()
      if (next) next()
      else inFlight--
    }
  }

  return {
    async run(partitions, work) {
      const before = partitions.map(async (partition) => tails.get(partition))
      outstanding++
      const result = Promise.all(before).then(async () => inPlace(work))
      const over = result.then(
        () => undefined,
        () => undefined,
      )
      for (const partition of partitions) tails.set(partition, over)
      try {
        await result
      } finally {
        outstanding--
        for (const partition of partitions) if (tails.get(partition) === over) tails.delete(partition)
      }
    },
    get inFlight() {
      return inFlight
    },
    get outstanding() {
      return outstanding
    },
  }
}
