import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface Started {
  readonly ready: Readonly<Record<string, unknown>>
  readonly port: number
  readonly pid: number
  /** Milliseconds from spawn to the ready line. */
  readonly startMs: number
  /** Processor time that the process has used so far, all threads (Linux; elsewhere 0). */
  cpuMs(): number
  /** Resident memory (Linux; elsewhere 0). */
  memoryBytes(): number
  /** Resident memory without the pages of mapped files, which grow with the store and are the system's to take back (Linux; elsewhere 0). */
  ownMemoryBytes(): number
  stop(): Promise<void>
}

export interface StartOptions {
  /** Options of Node itself. */
  readonly flags?: readonly string[]
  readonly words?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a script on this Node and waits for its JSON line `{"event":"ready","http":…}`. */
export async function start(
  script: URL,
  { flags = [], words = [], env = {} }: StartOptions,
): Promise<Started> {
  const from = performance.now()
  const child = spawn(process.execPath, [...flags, script.pathname, ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await Promise.race([once(createInterface(child.stdout), 'line'), failed(child)])
  const ready = JSON.parse(String(line[0])) as Readonly<Record<string, unknown>>
  return {
    ready,
    pid: child.pid ?? 0,
    port: Number(new URL(String(ready['http'])).port),
    startMs: performance.now() - from,
    cpuMs: () => cpuMsOf(child.pid),
    memoryBytes: () => residentOf(child.pid).all,
    ownMemoryBytes: () => residentOf(child.pid).own,
    stop: async () => {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

const TICK_MS = 10
const PAGE_BYTES = 4096

function cpuMsOf(pid: number | undefined): number {
  const [user, system] = statOf(pid, 'stat')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
  return (Number(user ?? 0) + Number(system ?? 0)) * TICK_MS
}

/** @see proc(5), statm */
function residentOf(pid: number | undefined): { readonly all: number; readonly own: number } {
  const [, resident, shared] = statOf(pid, 'statm').split(' ').map(Number)
  const all = resident ?? 0
  return { all: all * PAGE_BYTES, own: (all - (shared ?? 0)) * PAGE_BYTES }
}

function statOf(pid: number | undefined, name: 'stat' | 'statm'): string {
  const path = `/proc/${String(pid)}/${name}`
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

async function failed(child: ReturnType<typeof spawn>): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the process ended with ${String(code)} before it was ready`)
}
