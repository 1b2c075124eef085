import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { copyAhead } from '../hl7/journal/ahead-file.ts'
import { Fault } from '../kernel/fault.ts'
import { restoreBackup } from '../store/embedded/backup.ts'

/** `npm run restore -- <backup folder> [--data ./data]`: puts a verified backup where a hub can start on it; the hub must not run. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: process.env['HUB_DATA'] ?? './data' } },
})
const [backup] = positionals
const JOURNAL = 'journal'

try {
  if (backup === undefined) throw new Error('usage: npm run restore -- <backup folder> [--data ./data]')
  const journal = join(values.data, JOURNAL)
  if (existsSync(journal) && readdirSync(journal).length > 0)
    throw new Error(`${journal} holds messages that no store has yet: restore into a new folder`)
  const { commits, rows, records } = await restoreBackup(backup, join(values.data, 'store'), () => {
    rmSync(journal, { recursive: true, force: true })
    copyAhead(join(backup, JOURNAL), journal)
  })
  process.stdout.write(`${values.data}: ${commits} commits, ${rows} versions, ${records} records, verified\n`)
} catch (error) {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`${error instanceof Fault ? error.message : String(error)}\n`)
  process.exitCode = 1
}
