import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { compareWithGuide } from '../../src/cli/guide-rows.ts'
import { readDecisions } from './decisions.ts'
import { CORPUS } from './folder.ts'

const GUIDE = join(CORPUS, 'v2-to-fhir/mappings')
const MAPPINGS = fileURLToPath(new URL('../../../mappings/', import.meta.url))

describe.skipIf(!existsSync(GUIDE))('the segment maps of the guide', () => {
  it('have a rule of ours for each field, or a decision that says why not', async () => {
    const rows = await compareWithGuide(GUIDE, MAPPINGS)
    const decisions = readDecisions(
      readFileSync(join(MAPPINGS, 'DECISIONS.md'), 'utf8'),
      'Rows of the guide that no rule reads',
    )
    const missing = rows.filter(({ state }) => state === 'missing')
    const unexplained = missing.filter(
      ({ map, field, attribute }) =>
        decisions.kindOf({ peer: 'guide', type: map, path: field, value: attribute }) === undefined,
    )
    const unused = decisions.hits().filter(({ hits }) => hits === 0)
    const met = rows.filter(({ state }) => state === 'met').length
    process.stdout.write(
      `${met} of ${rows.length} rows of the guide met, ${missing.length} read by no rule\n`,
    )
    expect(unexplained).toEqual([])
    expect(unused).toEqual([])
    expect(rows.length).toBeGreaterThan(1000)
    expect(met).toBeGreaterThan(600)
  })
})
