import { watch, type FSWatcher } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Hears of changes in folders where the file system tells of them: not on every mounted one, and not when a link is turned to another folder. */
export interface FolderEars {
  /**
   * From now on, these folders and no others, each without those inside it.
   *
   * @returns one of them was not listened to before: it may have changed unheard
   */
  listen(folders: readonly string[]): boolean
  /** Resolves when something was heard since it resolved before, and after `mostMs` at the latest. */
  heard(mostMs: number, signal: AbortSignal): Promise<void>
  close(): void
}

export function createFolderEars(): FolderEars {
  const watchers = new Map<string, FSWatcher>()
  let news = Promise.withResolvers<void>()
  const deaf = (folder: string): void => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  const attend = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, () => news.resolve())
      // The folder is gone, or the system has no more watches to give: whoever listens looks now and then anyway.
      watcher.on('error', () => deaf(folder))
      watchers.set(folder, watcher)
    } catch {
      // As above.
    }
  }
  return {
    listen(folders) {
      const wanted = new Set(folders)
      for (const folder of watchers.keys()) if (!wanted.has(folder)) deaf(folder)
      const strange = [...wanted].filter((folder) => !watchers.has(folder))
      for (const folder of strange) attend(folder)
      return strange.some((folder) => watchers.has(folder))
    },
    async heard(mostMs, signal) {
      const ended = new AbortController()
      const late = delay(mostMs, undefined, { signal: AbortSignal.any([signal, ended.signal]), ref: false })
      await Promise.race([news.promise, late]).catch(() => undefined)
      ended.abort()
      await late.catch(() => undefined)
      news = Promise.withResolvers<void>()
    },
    close: () => {
      for (const folder of watchers.keys()) deaf(folder)
    },
  }
}
