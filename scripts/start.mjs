// `npm start`: makes the clone ready, then becomes the hub, on Node 24.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { consoleBuilt, definitionsCompiled, hubNode, installed } from './ready.mjs'

installed()
definitionsCompiled()
consoleBuilt()
const main = fileURLToPath(new URL('../server/src/main.ts', import.meta.url))
const hub = spawn(hubNode(), [main, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => hub.kill(signal))
hub.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
