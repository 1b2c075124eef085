import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { copyAhead } from '../hl7/journal/ahead-file.ts'
import { Fault } from '../kernel/fault.ts'
import { backupFolder } from '../store/embedded/backup.ts'

/** `npm run backup -- <new folder> [--data ./data]`: a verified copy of the embedded store, while the hub runs or not. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: process.env['HUB_DATA'] ?? './data' } },
})
const [folder] = positionals
const JOURNAL = 'journal'

try {
  if (folder === undefined) throw new Error('usage: npm run backup -- <new folder> [--data ./data]')
  // What was acknowledged and is not in the store yet comes along.
  const aside = `${folder}.${JOURNAL}`
  const hasJournal = copyAhead(join(values.data, JOURNAL), aside) > 0
  const { commits, bytes } = await backupFolder(join(values.data, 'store'), folder).catch(
    (error: unknown) => {
      rmSync(aside, { recursive: true, force: true })
      throw error
    },
  )
  if (hasJournal) renameSync(aside, join(folder, JOURNAL))
  process.stdout.write(`${folder}: ${commits} commits, ${bytes} bytes, verified\n`)
} catch (error) {
  if (!(error instanceof Error)) throw error
  process.stderr.write(`${error instanceof Fault ? error.message : String(error)}\n`)
  process.exitCode = 1
}
