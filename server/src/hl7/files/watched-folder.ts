import { readdir, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { fileCode, fileWords } from './file-words.ts'
import { takeFile, type TakeFileDeps } from './take-file.ts'

export interface WatchedFolderDeps extends TakeFileDeps {
  readonly report: (error: unknown, folder: string) => void
}

export interface WatchedFolder {
  /** What keeps files from being taken now. */
  problem(): string | undefined
  stop(): Promise<void>
}

interface Seen {
  readonly size: number
  readonly modified: number
}

/** Takes files out of a folder when their size has stood still for one round. One that cannot be read or moved keeps none of the others. */
export function watchFolder(deps: WatchedFolderDeps): WatchedFolder {
  const stopping = new AbortController()
  const { signal } = stopping
  const { files, report } = deps
  const own = { ...deps, isOpen: () => !signal.aborted && deps.isOpen() }
  let problem: string | undefined
  const run = async (): Promise<void> => {
    let seen: ReadonlyMap<string, Seen> = new Map()
    while (!signal.aborted) {
      const stuck: Stuck[] = []
      try {
        if (own.isOpen()) seen = await look(own, seen, stuck)
      } catch (error) {
        stuck.push({ error, words: fileWords('The folder', error) })
      }
      const [first] = stuck
      // Once, not at each look.
      if (first !== undefined && problem !== first.words) report(first.error, files.folder)
      problem = first?.words
      await delay(files.pollMs, undefined, { signal }).catch(() => undefined)
    }
  }
  const running = run()
  return {
    problem: () => problem,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

interface Stuck {
  readonly error: unknown
  readonly words: string
}

/**
 * @param stuck takes files that could not be read or moved: they are tried again
 * @returns the files that are there and not complete yet, or could not be taken
 */
async function look(
  deps: WatchedFolderDeps,
  seen: ReadonlyMap<string, Seen>,
  stuck: Stuck[],
): Promise<ReadonlyMap<string, Seen>> {
  const { folder, endings } = deps.files
  const names = (await readdir(folder)).filter(
    (name) => !name.startsWith('.') && endings.some((end) => name.toLowerCase().endsWith(end.toLowerCase())),
  )
  const growing = new Map<string, Seen>()
  for (const name of names.toSorted()) {
    if (!deps.isOpen()) break
    try {
      const there = await seenNow(join(folder, name))
      if (there === undefined) continue
      growing.set(name, there)
      const before = seen.get(name)
      if (before?.size !== there.size || before.modified !== there.modified) continue
      await takeFile(deps, { name, size: there.size })
      growing.delete(name)
    } catch (error) {
      // The store being away keeps all of them.
      if (fileCode(error) === undefined) throw error
      stuck.push({ error, words: fileWords(name, error) })
    }
  }
  return growing
}

/** @returns `undefined` for what is no file (a folder, a pipe), or was taken away meanwhile */
async function seenNow(path: string): Promise<Seen | undefined> {
  try {
    // A link is refused when it is opened, so that the sender cannot lead the hub to other files.
    const found = await lstat(path)
    return found.isFile() || found.isSymbolicLink()
      ? { size: found.size, modified: found.mtimeMs }
      : undefined
  } catch (error) {
    if (fileCode(error) === 'ENOENT') return undefined
    throw error
  }
}
