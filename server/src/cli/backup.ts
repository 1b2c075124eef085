import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Fault } from '../kernel/fault.ts'
import { backupFolder } from '../store/embedded/backup.ts'

/** `npm run backup -- <new folder> [--data ./data]`: a verified copy of the embedded store, while the hub runs or not. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: process.env['HUB_DATA'] ?? './data' } },
})
const [folder] = positionals

try {
  if (folder === undefined) throw new Error('usage: npm run backup -- <new folder> [--data ./data]')
  const { commits, bytes } = await backupFolder(join(values.data, 'store'), folder)
  process.stdout.write(`${folder}: ${commits} commits, ${bytes} bytes, verified\n`)
} catch (error) {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`${error instanceof Fault ? error.message : String(error)}\n`)
  process.exitCode = 1
}
