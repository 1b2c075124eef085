import { access, constants } from 'node:fs/promises'

import { Fault } from '../../kernel/fault.ts'
import type { WatchedFolders } from '../files/watch-folders.ts'
import type { Flow } from '../flow/create-flow.ts'
import type { Listeners } from '../flow/listeners.ts'
import { readFeeds, type FlowFeed } from '../journal/feed.ts'
import type { Prepare } from '../mapping/live-mapper.ts'
import { RulesError } from '../mapping/rules/load.ts'
import { refuseUnknown, type Outbound } from '../outbound/create-outbound.ts'
import { loadDestinations, type Destination } from '../outbound/destination.ts'

interface SettingsDeps {
  /** The `mappings/` folder. */
  readonly folder: string
  readonly flow: Pick<Flow, 'follow'>
  readonly outbound: Pick<Outbound, 'follow'>
  /** Absent in a process that does not listen. */
  readonly ports?: { readonly listeners: Listeners; readonly folders: WatchedFolders }
}

/** Feeds, ports, folders and destinations as the files of now say: all of them are right, or those before stay. */
export function followSettings({ folder, flow, outbound, ports }: SettingsDeps): Prepare {
  return async (next) => {
    const { feeds, destinations } = await checked(async () => {
      const read = readFeeds(next.feeds)
      await refuseUnusable([...read.values()])
      const to = await loadDestinations(folder)
      for (const destination of to) refuseUnknown(next.outbound, destination)
      return { feeds: read, destinations: to }
    })
    return async () => {
      flow.follow(feeds)
      await outbound.follow(destinations)
      await ports?.listeners.follow()
      await ports?.folders.follow()
    }
  }
}

/** @throws RulesError instead of what says that a file is wrong */
async function checked(read: () => Promise<Settings>): Promise<Settings> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof Fault) throw new RulesError([error.message], { cause: error })
    throw error
  }
}

interface Settings {
  readonly feeds: ReadonlyMap<string, FlowFeed>
  readonly destinations: readonly Destination[]
}

/** @returns one line for each port that two feeds have */
export function portProblems(feeds: Iterable<Pick<FlowFeed, 'name' | 'port'>>): readonly string[] {
  const taken = new Map<number, string>()
  const problems: string[] = []
  for (const { name, port } of feeds) {
    if (port === undefined || port === 0) continue
    const other = taken.get(port)
    if (other !== undefined) problems.push(`feeds/${name}.yaml, port: feeds/${other}.yaml has it, too`)
    taken.set(port, name)
  }
  return problems
}

/** @throws RulesError for two feeds on one port, and for files of certificates that are not there */
async function refuseUnusable(feeds: readonly FlowFeed[]): Promise<void> {
  const problems = [...portProblems(feeds)]
  for (const { name, tls } of feeds)
    for (const key of ['cert', 'key', 'ca'] as const) {
      const file = tls?.[key]
      if (file !== undefined && !(await isReadable(file)))
        problems.push(`feeds/${name}.yaml, tls.${key}: the file cannot be read`)
    }
  if (problems.length > 0) throw new RulesError(problems)
}

async function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  )
}
