import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { parseMessage } from '../../src/hl7/message/parse-message.ts'
import { Fault } from '../../src/kernel/fault.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { CORPUS } from './folder.ts'

const MESSAGES = join(CORPUS, 'hl7v2')

/** Files of several messages are cut at their header segments, as a file reader does. */
const messages = globSync('**/*.hl7', { cwd: MESSAGES }).flatMap((file) =>
  readFileSync(join(MESSAGES, file), 'utf8')
    .split(/(?=^MSH)/m)
    .filter((text) => /^[\s\ufeff]*MSH/.test(text))
    .map((text) => ({ file, text })),
)

describe.skipIf(!existsSync(MESSAGES))('the corpus of HL7 v2 messages', () => {
  it('maps every message that has rules or refuses it with its position, and makes only valid resources', async () => {
    const mapper = await createMapper(MAPPINGS)
    const definitions = loadDefinitions()
    const wrong: string[] = []
    let mapped = 0
    for (const { file, text } of messages) {
      const message = accepted(() => parseMessage(text))
      if (message === undefined || !mapper.accepts(message)) continue
      const result = accepted(() => mapper.map(message, 'default'))
      if (result === undefined) continue
      mapped += 1
      const types = new Map(result.images.map(({ key, type }) => [key, type]))
      for (const { type, resource, own } of result.images) {
        // What is only referred to is not written.
        if (own === 'link') continue
        const known = await definitions.load(type)
        const issues = known?.validate(withPlainReferences(resource, types), 3) ?? []
        wrong.push(
          ...issues
            .filter(({ severity }) => severity === 'error')
            .map((issue) => `${file}: ${issue.at} ${issue.text}`),
        )
      }
    }
    expect(wrong).toEqual([])
    expect(mapped).toBeGreaterThan(400)
  })
})

const MAPPINGS = fileURLToPath(new URL('../../../mappings/', import.meta.url))

/** The result, or nothing when it was refused with a fault that names a position. Anything else is a defect and fails the test. */
function accepted<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Fault && error.issues[0]?.at !== undefined) return undefined
    throw error
  }
}

function withPlainReferences(resource: JsonObject, types: ReadonlyMap<string, string>): JsonObject {
  const text = JSON.stringify(resource).replaceAll(
    /"#image:([^"]+)"/g,
    (_, key: string) => `"${types.get(key)}/x"`,
  )
  return JSON.parse(text) as JsonObject
}
