import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./hl7-engine-process.ts', import.meta.url))

export interface EngineProcess {
  readonly port: number
  /** Resolves when the process has ended, whatever the reason. */
  readonly ended: Promise<void>
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** Starts `hl7-engine-process.ts`. */
export async function startEngineProcess(wanted: object): Promise<EngineProcess> {
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, JSON.stringify(wanted)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit').then(() => undefined)
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.stdout === null) throw new Error('no output')
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(() => ['']),
  ])) as [string]
  if (line === '') throw new Error('the engine ended before it was ready')
  const { port } = JSON.parse(line) as { readonly port: number }
  return {
    port,
    ended,
    kill: async (signal = 'SIGKILL') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await ended
    },
  }
}
