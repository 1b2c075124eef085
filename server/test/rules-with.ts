import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

const MAPPINGS = fileURLToPath(new URL('../../mappings/', import.meta.url))

/** A copy of `mappings/` with files of its own in it or in their place; it is taken away when the test has ended. */
export async function rulesWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mappings-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cp(MAPPINGS, folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}
