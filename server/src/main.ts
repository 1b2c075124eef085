import { enableCompileCache } from 'node:module'
import { setTimeout as after } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'

import type { RunningHub } from './app.ts'

const NODE_LEAST = 24
/** `sysexits.h`: the configuration is wrong, a restart will not help. */
const BAD_CONFIGURATION = 78

if (Number(process.versions.node.split('.')[0]) < NODE_LEAST) {
  process.stderr.write(
    `Mogran needs Node ${NODE_LEAST} or newer; this is ${process.version}. "npm start" brings its own.\n`,
  )
  process.exit(BAD_CONFIGURATION)
}
// What a start leaves behind would fill the space of young objects up to its bound: 50 MB that V8 gives back a while later at best.
growYoungSpace(false)
// Static imports would be compiled before this call, therefore everything else is loaded behind it.
enableCompileCache()
const started = performance.now()
const [{ readConfig }, { startHub }, { Fault }, { limits }] = await Promise.all([
  import('./config/config.ts'),
  import('./app.ts'),
  import('./kernel/fault.ts'),
  import('./kernel/limits.ts'),
])

try {
  const config = readConfig(process.env, process.argv.slice(2))
  const hub = await startHub(config)
  process.stdout.write(
    `${JSON.stringify({ event: 'ready', ...hub.ready, startMs: Math.round(performance.now() - started) })}\n`,
  )
  growYoungSpace(true)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(hub))
} catch (error) {
  const text = error instanceof Fault ? error.message : String(error instanceof Error ? error.stack : error)
  process.stderr.write(`${text}\n`)
  process.exit(error instanceof Fault && error.kind === 'unavailable' ? BAD_CONFIGURATION : 1)
}

/** Whether the space of young objects grows with what outlives its collections; V8 asks for the factor each time. */
function growYoungSpace(isToGrow: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${isToGrow ? 2 : 1}`)
}

/** What is under way is finished, but a store or a broker that is away does not keep the process: nothing that it owes them was acknowledged. */
async function stop(hub: RunningHub): Promise<void> {
  try {
    const isClean = await Promise.race([hub.stop().then(() => true), after(limits.process.stopMs)])
    if (isClean !== true) throw new Error(`after ${limits.process.stopMs} ms something is still under way`)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`The hub did not stop cleanly: ${String(error)}\n`)
    process.exit(1)
  }
}
