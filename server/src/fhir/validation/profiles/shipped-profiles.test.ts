import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../../kernel/json.ts'
import { loadDefinitions } from '../../load-definitions.ts'

const FOLDER = fileURLToPath(new URL('../../../../../fhir-profiles', import.meta.url))
const definitions = loadDefinitions()

/** Extensions are shown by the examples of profiles that use them. */
const profiles = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'good')))

async function issuesOf(path: string): Promise<readonly string[]> {
  const text = readFileSync(path, 'utf8')
  const resource = JSON.parse(text) as JsonObject & { readonly resourceType: string }
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  const issues = module.validate(resource, 20, { text, warnings: true })
  return issues.filter(({ text: what }) => !what.startsWith('dom-6')).map(({ code, at }) => `${code} ${at}`)
}

function files(profile: string, kind: 'good' | 'bad'): readonly string[] {
  const folder = join(FOLDER, profile, kind)
  return readdirSync(folder)
    .filter((name) => !name.endsWith('.issues.json'))
    .map((name) => join(folder, name))
}

describe.each(profiles)('the profile %s', (profile) => {
  it('accepts its good examples', async () => {
    const good = files(profile, 'good')
    expect(good.length).toBeGreaterThan(0)
    for (const path of good) expect(await issuesOf(path), path).toEqual([])
  })

  it('refuses its bad examples with the issues that stand beside them', async () => {
    const bad = files(profile, 'bad')
    expect(bad.length).toBeGreaterThan(1)
    for (const path of bad) {
      const expected = JSON.parse(readFileSync(path.replace(/json$/, 'issues.json'), 'utf8')) as unknown
      expect(await issuesOf(path), path).toEqual(expected)
    }
  })
})
