import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Started {
  readonly ready: Readonly<Record<string, unknown>>
  readonly port: number
  /** Milliseconds from spawn to the ready line. */
  readonly startMs: number
  stop(): Promise<void>
}

export interface StartOptions {
  readonly words?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a script on this Node and waits for its JSON line `{"event":"ready","http":…}`. */
export async function start(script: URL, { words = [], env = {} }: StartOptions): Promise<Started> {
  const from = performance.now()
  const child = spawn(process.execPath, [script.pathname, ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await Promise.race([once(createInterface(child.stdout), 'line'), failed(child)])
  const ready = JSON.parse(String(line[0])) as Readonly<Record<string, unknown>>
  return {
    ready,
    port: Number(new URL(String(ready['http'])).port),
    startMs: performance.now() - from,
    stop: async () => {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

async function failed(child: ReturnType<typeof spawn>): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the process ended with ${String(code)} before it was ready`)
}
