import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

import type { Contents } from './overlay.ts'

/** What rule files say, read and found right: of the base, and of each overlay by its name. */
export interface KeptRules {
  readonly base: Contents
  readonly overlays: ReadonlyMap<string, Contents>
}

type Entries = readonly (readonly [path: string, content: unknown])[]
interface File {
  readonly key: string
  readonly base: Entries
  readonly overlays: readonly (readonly [name: string, entries: Entries])[]
}

/** The code that reads and checks rules: what another version of it has found right is read and checked again. */
const READERS = ['kept-rules.ts', 'load.ts', 'overlay.ts', 'table.ts', '../element-problems.ts'] as const

/**
 * @param folders texts of the schemas, of the base and of the overlays by path
 * @param names of the overlays, in order, and what else the rules are checked against
 * @returns what changes with every change of a rule, a schema or the code that reads and checks them
 */
export function keyOf(folders: readonly ReadonlyMap<string, string>[], names: readonly string[]): string {
  const hash = createHash('sha256').update(names.join('\n'))
  for (const name of READERS) hash.update(readFileSync(new URL(name, import.meta.url)))
  for (const texts of folders) {
    hash.update(`\n${texts.size}\n`)
    for (const [path, text] of texts) hash.update(`${path}\n${text.length}\n${text}`)
  }
  return hash.digest('hex')
}

/** @returns what was kept for this key; undefined when there is nothing, or it cannot be read */
export function readKept(files: readonly string[], key: string): KeptRules | undefined {
  for (const file of files) {
    const kept = readOne(file, key)
    if (kept) return kept
  }
  return undefined
}

function readOne(file: string, key: string): KeptRules | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as File
    if (kept.key !== key) return undefined
    const overlays = new Map(kept.overlays.map(([name, entries]) => [name, new Map(entries)]))
    return { base: new Map(kept.base), overlays }
  } catch {
    return undefined
  }
}

/** Replaces the file as a whole. It is derived: where it cannot be written, the next start reads the rules again. */
export function keep(file: string, key: string, { base, overlays }: KeptRules): void {
  const kept: File = {
    key,
    base: [...base],
    overlays: [...overlays].map(([name, contents]) => [name, [...contents]] as const),
  }
  const fresh = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(fresh, JSON.stringify(kept), { mode: 0o600 })
    renameSync(fresh, file)
  } catch {
    return
  }
}
