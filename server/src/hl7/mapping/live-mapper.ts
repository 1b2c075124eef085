import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import type { ElementTable } from '../../fhir/elements.ts'
import { limits } from '../../kernel/limits.ts'
import { createMapper, type Mapper } from './mapper.ts'
import { createFolderEars } from './rules/folder-ears.ts'
import { RulesError } from './rules/load.ts'

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
  /** Of R4: rules that name others cannot be used. */
  readonly elements?: () => ElementTable
  /** How often the folder is looked at while it changes. */
  readonly pollMs?: number
  /** The same when nobody has told of a change. */
  readonly quietMs?: number
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
  const { folder, kept, elements, report } = options
  const loadedAt = await lookAt(folder)
  const state = { mapper: await createMapper(folder, kept, elements), problems: [] as readonly string[] }
  let prepare: Prepare | undefined
  const reload = async (): Promise<void> => {
    try {
      const next = await createMapper(folder, kept, elements)
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
  const following = follow({ ...options, loadedAt, reload, signal: stopping.signal })
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

interface Following extends Pick<LiveOptions, 'folder' | 'pollMs' | 'quietMs'> {
  /** How the folder was before it was loaded. */
  readonly loadedAt: Look
  readonly reload: () => Promise<void>
  readonly signal: AbortSignal
}

async function follow({ folder, loadedAt, reload, signal, ...every }: Following): Promise<void> {
  const { pollMs = limits.hl7.rulesLookMs, quietMs = limits.hl7.rulesQuietLookMs } = every
  const ears = createFolderEars()
  let [loaded, last] = [loadedAt.stamp, loadedAt.stamp]
  let isQuiet = false
  while (!signal.aborted) {
    if (isQuiet) await ears.heard(quietMs, signal)
    await delay(pollMs, undefined, { signal, ref: false }).catch(() => undefined)
    const look = await lookAt(folder).catch(() => undefined)
    const isStrange = look !== undefined && ears.listen(look.folders)
    const now = look?.stamp ?? last
    if (now !== loaded && now === last) {
      loaded = now
      await reload()
    }
    isQuiet = now === loaded && !isStrange
    last = now
  }
  ears.close()
}

interface Look {
  /** Names, sizes and times of all rule files. */
  readonly stamp: string
  /** Where they are. */
  readonly folders: readonly string[]
}

/** Looks at every rule file, whatever links lead to it. */
async function lookAt(folder: string): Promise<Look> {
  const [lines, folders]: [string[], string[]] = [[], []]
  const look = async (below: string, depth: number): Promise<void> => {
    folders.push(join(folder, below))
    for (const name of await namesIn(folder, below)) {
      // A link may be broken while it is turned to another file.
      const found = await stat(join(folder, name)).catch(() => undefined)
      if (isRuleFile(name)) lines.push(`${name} ${found?.mtimeMs} ${found?.size} ${found?.ino}`)
      else if (found?.isDirectory() === true && depth < limits.hl7.rulesDepth) await look(name, depth + 1)
    }
  }
  await look('', 1)
  return { stamp: lines.toSorted().join('\n'), folders }
}

/** Rule files, and what may be a folder. The cases of `tests` are no rules. */
async function namesIn(folder: string, below: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true })
  return entries
    .filter((one) => isRuleFile(one.name) || one.isDirectory() || one.isSymbolicLink())
    .map(({ name }) => join(below, name))
    .filter((name) => name !== 'tests')
}

function isRuleFile(name: string): boolean {
  return /\.(?:yaml|csv|json)$/.test(name)
}
