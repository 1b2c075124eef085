// `npm start`: makes the clone ready, then becomes the hub, on Node 24.
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { consoleBuilt, definitionsCompiled, hubNode, installed, rulesRead } from './ready.mjs'

installed()
definitionsCompiled()
rulesRead()
consoleBuilt()
const main = fileURLToPath(new URL('../server/src/main.ts', import.meta.url))
// The space of young objects begins small and grows when there is work (see `main.ts`): what is under way is copied half as often then.
const flags = ['--min-semi-space-size=4', '--max-semi-space-size=32']
// With the cache from the first file on, nothing is compiled or stripped of its types twice.
const env = {
  NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
  // glibc: what a password hash takes (19 MB) goes back to the system, not into its heap.
  MALLOC_MMAP_THRESHOLD_: '1048576',
  ...process.env,
}
const hub = spawn(hubNode(), [...flags, main, ...process.argv.slice(2)], { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => hub.kill(signal))
hub.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
