import { describe, expect, it } from 'vitest'

import { readCorrections } from './corrections.ts'
import { modelOf } from './model.ts'
import { definitionsFolder, readSpecification } from './specification.ts'

const corrected = readSpecification(definitionsFolder(), readCorrections())
const original = readSpecification(definitionsFolder(), { ...readCorrections(), removedParameters: {} })

describe('the specification that the generator reads', () => {
  it('has the 146 concrete resource types of R4', () => {
    expect(corrected.types).toHaveLength(146)
    expect(corrected.types).not.toContain('SubscriptionStatus')
  })

  it('has the SearchParameters of R4, by type, before the correction', () => {
    const counts: Record<string, number> = {}
    for (const { type } of original.searchParameters) counts[type] = (counts[type] ?? 0) + 1
    expect(counts).toEqual({
      token: 539,
      reference: 472,
      string: 133,
      date: 109,
      composite: 46,
      uri: 45,
      quantity: 27,
      number: 6,
      special: 1,
    })
  })

  it('knows no private element of Meta and no element that came with R5', () => {
    const model = modelOf(corrected)
    expect([...(model.get('Meta')?.elements.keys() ?? [])]).toEqual(
      ['id', 'extension', 'versionId', 'lastUpdated', 'source', 'profile', 'security', 'tag'], // R4, "Meta"
    )
    expect(model.get('Binary')?.elements.has('url')).toBe(false)
    expect(model.get('ResearchStudy')?.elements.has('associatedParty')).toBe(false)
    expect(model.get('EvidenceVariable.characteristic')?.elements.get('definition')?.types).toHaveLength(6)
  })

  it('has no element of the type of one resource: R4 says Resource for all', () => {
    const concrete = new Set(corrected.types)
    const wrong = [...modelOf(corrected)].flatMap(([owner, { elements }]) =>
      [...elements.values()]
        .filter(({ types }) => types.some(({ type }) => concrete.has(type)))
        .map(({ name }) => `${owner}.${name}`),
    )
    expect(wrong).toEqual([])
  })
})
