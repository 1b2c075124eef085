import { fork } from 'node:child_process'
import { once } from 'node:events'

import type { DemoTargets } from './simulator.ts'

export interface Demo {
  stop(): Promise<void>
}

const SIMULATOR = new URL('./simulator.ts', import.meta.url)

/** Starts the demo hospital as a process of its own. Its end never ends the hub: `ended` is told its exit code. */
export function startDemo(targets: DemoTargets, ended: (code: number | null) => void): Demo {
  const simulator = fork(SIMULATOR, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let stopping = false
  simulator.once('exit', (code) => {
    if (!stopping) ended(code)
  })
  simulator.send(targets)
  return {
    stop: async () => {
      stopping = true
      if (simulator.exitCode !== null) return
      const gone = once(simulator, 'exit')
      simulator.kill('SIGTERM')
      await gone
    },
  }
}
