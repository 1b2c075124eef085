import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { Fault } from '../kernel/fault.ts'
import { restoreBackup } from '../store/embedded/backup.ts'

/** `npm run restore -- <backup folder> [--data ./data]`: puts a verified backup where a hub can start on it; the hub must not run. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: process.env['HUB_DATA'] ?? './data' } },
})
const [backup] = positionals

try {
  if (backup === undefined) throw new Error('usage: npm run restore -- <backup folder> [--data ./data]')
  const { commits, rows, records } = await restoreBackup(backup, join(values.data, 'store'))
  process.stdout.write(`${values.data}: ${commits} commits, ${rows} versions, ${records} records, verified\n`)
} catch (error) {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`${error instanceof Fault ? error.message : String(error)}\n`)
  process.exitCode = 1
}
