import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { limits } from '../../kernel/limits.ts'
import { RulesError } from './load.ts'
import { createMapper, type Mapper } from './mapper.ts'

/**
 * What else follows the folder gets ready for the rules that were read.
 *
 * @returns how it is put into force
 * @throws RulesError when something cannot be used: nothing changes then, the rules neither
 */
export type Prepare = (next: Mapper) => Promise<() => Promise<void>>

/** A mapper that follows its folder: what is changed there counts for the messages that are mapped from then on. */
export interface LiveMapper extends Mapper {
  /** From now on, nothing is put into force without it. */
  with(prepare: Prepare): void
  stop(): Promise<void>
}

export interface LiveOptions {
  readonly folder: string
  /** Files that keep what was read; the first is ours to write. */
  readonly kept?: readonly string[]
  /** How often the folder is looked at. */
  readonly pollMs?: number
  /** Told once of each set of rules that cannot be used. */
  readonly report: (error: unknown, what: string) => void
}

/**
 * Loads the rules, and loads them again when their files have changed and then stood still for one look, one reload at a time. Rules that cannot be used
 * leave the ones before in force, and say why in `problems`. The mapping of a message is one call: it ends by the rules that it began with.
 *
 * @throws RulesError when the rules of the start cannot be used
 */
export async function createLiveMapper(options: LiveOptions): Promise<LiveMapper> {
  const { folder, kept, pollMs = limits.hl7.rulesLookMs, report } = options
  const loadedAt = await stampOf(folder)
  const state = { mapper: await createMapper(folder, kept), problems: [] as readonly string[] }
  let prepare: Prepare | undefined
  const reload = async (): Promise<void> => {
    try {
      const next = await createMapper(folder, kept)
      refuseWithoutDefault(next)
      const putInForce = await prepare?.(next)
      Object.assign(state, { mapper: next, problems: [] })
      await putInForce?.()
    } catch (error) {
      state.problems = (error instanceof RulesError ? error.problems : [textOf(error)]).slice(
        0,
        MOST_PROBLEMS,
      )
      report(error, 'mappings')
    }
  }
  const stopping = new AbortController()
  const following = follow({ folder, pollMs, loadedAt, reload, signal: stopping.signal })
  return {
    get rules() {
      return state.mapper.rules
    },
    get feeds() {
      return state.mapper.feeds
    },
    get events() {
      return state.mapper.events
    },
    get problems() {
      return state.problems
    },
    outbound: {
      get definitions() {
        return state.mapper.outbound.definitions
      },
      laidOver: (overlays) => state.mapper.outbound.laidOver(overlays),
      build: async (request) => state.mapper.outbound.build(request),
    },
    filesOf: (feed) => state.mapper.filesOf(feed),
    eventsOf: (feed) => state.mapper.eventsOf(feed),
    queryOf: (feed, event) => state.mapper.queryOf(feed, event),
    accepts: (message, feed) => state.mapper.accepts(message, feed),
    map: (message, feed) => state.mapper.map(message, feed),
    with: (wanted) => {
      prepare = wanted
    },
    async stop() {
      stopping.abort()
      await following
    },
  }
}

const MOST_PROBLEMS = 20

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The rules cannot be read'
}

/** Answers to what the hub sends are read by its rules, whatever feeds there are. */
function refuseWithoutDefault({ feeds }: Mapper): void {
  if (!feeds.has('default')) throw new RulesError(['feeds/default.yaml: is missing'])
}

interface Following {
  readonly folder: string
  readonly pollMs: number
  /** Stamp of the folder before it was loaded. */
  readonly loadedAt: string
  readonly reload: () => Promise<void>
  readonly signal: AbortSignal
}

async function follow({ folder, pollMs, loadedAt, reload, signal }: Following): Promise<void> {
  let [loaded, last] = [loadedAt, loadedAt]
  while (!signal.aborted) {
    await delay(pollMs, undefined, { signal, ref: false }).catch(() => undefined)
    const now = await stampOf(folder).catch(() => last)
    if (now !== loaded && now === last) {
      loaded = now
      await reload()
    }
    last = now
  }
}

/** Names, sizes and times of all rule files: looking works on every file system, mounted ones too. The cases of `tests` are no rules. */
async function stampOf(folder: string): Promise<string> {
  const lines: string[] = []
  const look = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const name = join(below, entry.name)
      if (entry.isDirectory() && name !== 'tests') await look(name)
      if (!/\.(?:yaml|csv|json)$/.test(name)) continue
      const { mtimeMs, size } = await stat(join(folder, name))
      lines.push(`${name} ${mtimeMs} ${size}`)
    }
  }
  await look('')
  return lines.toSorted().join('\n')
}
