import { describe, expect, it } from 'vitest'

import { locate } from './locate.ts'

const TEXT = `{
  "resourceType": "Observation",
  "status": "final",
  "code": { "coding": [
    { "code": "a", "display": "say \\"[{\\"" },
    { "code": "b" }
  ] },
  "valueQuantity": { "value": 1.0 },
  "_issued": { "id": "i" }
}`

describe('the place of an element in JSON text', () => {
  it.each([
    ['Observation.status', 3, 13],
    ['Observation.code.coding[1].code', 6, 15],
    ['Observation.value.value', 8, 31],
    ['Observation.issued', 9, 14],
  ])('finds %s', (path, line, column) => {
    expect(locate(TEXT, path)).toEqual({ line, column })
  })

  it('gives that of the element above what is not there', () => {
    expect(locate(TEXT, 'Observation.code.coding[0].system')).toEqual({ line: 5, column: 5 })
    expect(locate(TEXT, 'Observation.subject.reference')).toEqual({ line: 1, column: 1 })
    expect(locate(TEXT, 'Observation')).toEqual({ line: 1, column: 1 })
  })
})
