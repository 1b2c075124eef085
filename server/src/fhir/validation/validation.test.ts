import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { loadDefinitions } from '../load-definitions.ts'

type Resource = JsonObject & { readonly resourceType: string }

const definitions = loadDefinitions()

async function issuesOf(resource: Resource, most = 20) {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  return module.validate(resource, most)
}

async function found(resource: Resource): Promise<readonly string[]> {
  const issues = await issuesOf(resource)
  return issues.map(({ code, at }) => `${code} ${at}`)
}

const patient = (more: JsonObject): Resource => ({ resourceType: 'Patient', ...more })
const observation = (more: JsonObject): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  ...more,
})
const narrative = (div: string) => patient({ text: { status: 'generated', div } })
const XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"'

const BROKEN_STRUCTURE: readonly [string, Resource, string][] = [
  ['an unknown element', patient({ nickname: 'A' }), 'structure Patient.nickname'],
  ['an unknown element deep inside', patient({ name: [{ famly: 'A' }] }), 'structure Patient.name[0].famly'],
  ['a missing element', { resourceType: 'Observation', status: 'final' }, 'required Observation.code'],
  ['one object where an array belongs', patient({ name: { family: 'A' } }), 'structure Patient.name'],
  ['an array where one value belongs', patient({ birthDate: ['1987-04-02'] }), 'structure Patient.birthDate'],
  ['an empty array', patient({ name: [] }), 'structure Patient.name'],
  ['an empty object', patient({ name: [{}] }), 'structure Patient.name[0]'],
  ['an empty string', patient({ name: [{ family: '' }] }), 'value Patient.name[0].family'],
  ['null', patient({ birthDate: null }), 'structure Patient.birthDate'],
  [
    'null in an array without extension',
    patient({ name: [{ given: [null] }] }),
    'structure Patient.name[0].given[0]',
  ],
  [
    'two variants of a choice',
    patient({ deceasedBoolean: true, deceasedDateTime: '2024' }),
    'structure Patient.deceased',
  ],
  ['an id without a value', patient({ _birthDate: { id: 'a' } }), 'structure Patient.birthDate'],
  [
    'an id without a value among several',
    patient({ name: [{ given: ['A', null], _given: [{ id: 'a' }, { id: 'b' }] }] }),
    'structure Patient.name[0].given[1]',
  ],
  [
    'nothing beside a value',
    patient({ birthDate: '1987-04-02', _birthDate: {} }),
    'structure Patient.birthDate',
  ],
  [
    'extensions of a narrative',
    patient({ text: { status: 'generated', div: `<div ${XMLNS}>A</div>`, _div: { id: 'a' } } }),
    'structure Patient.text._div',
  ],
  ['an underscore on a complex element', patient({ _name: [{ id: 'a' }] }), 'structure Patient._name'],
  [
    'extensions of another number than values',
    patient({ name: [{ given: ['A', 'B'], _given: [null] }] }),
    'structure Patient.name[0].given',
  ],
  [
    'a contained resource of no type',
    patient({ contained: [{ id: 'a' }] }),
    'structure Patient.contained[0].resourceType',
  ],
  ['a number as text', observation({ valueInteger: '1' }), 'value Observation.value'],
]

const BAD_VALUES: readonly [string, Resource, string][] = [
  ['an id with a blank', patient({ id: 'a b' }), 'value Patient.id'],
  ['an id of 65 characters', patient({ id: 'a'.repeat(65) }), 'value Patient.id'],
  ['a day that does not exist', patient({ birthDate: '2023-02-30' }), 'value Patient.birthDate'],
  ['a dateTime without zone', patient({ deceasedDateTime: '2024-02-29T10:30:00' }), 'value Patient.deceased'],
  ['a number over 32 bits', observation({ valueInteger: 2_147_483_648 }), 'value Observation.value'],
  ['a fraction as integer', observation({ valueInteger: 1.5 }), 'value Observation.value'],
  [
    'a position of zero',
    patient({ telecom: [{ system: 'phone', value: '1', rank: 0 }] }),
    'value Patient.telecom[0].rank',
  ],
  [
    'a malformed OID',
    patient({ identifier: [{ system: 'urn:oid:1.02.3', value: '1' }] }),
    'value Patient.identifier[0].system',
  ],
  [
    'a malformed UUID',
    patient({ identifier: [{ system: 'urn:uuid:1-2', value: '1' }] }),
    'value Patient.identifier[0].system',
  ],
  [
    'a URI with a blank',
    patient({ identifier: [{ system: 'http://a b' }] }),
    'value Patient.identifier[0].system',
  ],
  [
    'a code with a line end',
    observation({ code: { coding: [{ system: 'http://a', code: 'a\nb' }] } }),
    'value Observation.code.coding[0].code',
  ],
  [
    'a value set as code system',
    observation({
      code: { coding: [{ system: 'http://hl7.org/fhir/ValueSet/observation-codes', code: 'a' }] },
    }),
    'value Observation.code.coding[0].system',
  ],
  [
    'a relative url of a definition',
    { resourceType: 'ValueSet', status: 'draft', url: 'ValueSet/a' },
    'value ValueSet.url',
  ],
  [
    'a relative system of a value set',
    { resourceType: 'ValueSet', status: 'draft', compose: { include: [{ system: '#a' }] } },
    'value ValueSet.compose.include[0].system',
  ],
  ['a code with outer blanks', patient({ language: ' en' }), 'value Patient.language'],
  [
    'base64 of the wrong length',
    patient({ photo: [{ contentType: 'image/png', data: 'abcde' }] }),
    'value Patient.photo[0].data',
  ],
  [
    'the url of an extension with a blank',
    patient({ extension: [{ url: 'http://example.org/a b', valueString: 'x' }] }),
    'value Patient.extension[0].url',
  ],
  [
    'the url of a part with a blank',
    patient({
      extension: [{ url: 'http://example.org/a', extension: [{ url: ' b', valueString: 'x' }] }],
    }),
    'value Patient.extension[0].extension[0].url',
  ],
  [
    'a mime type with a blank at its end',
    patient({ photo: [{ contentType: 'text/plain; charset=utf-8 ', url: 'http://a' }] }),
    'value Patient.photo[0].contentType',
  ],
  ['a time beyond midnight', observation({ valueTime: '24:00:00' }), 'value Observation.value'],
]

const UNKNOWN_CODES: readonly [string, Resource, string][] = [
  ['a gender', patient({ gender: 'M' }), 'code-invalid Patient.gender'],
  [
    'the use of a name',
    patient({ name: [{ use: 'legal', family: 'A' }] }),
    'code-invalid Patient.name[0].use',
  ],
  ['a status', observation({ status: 'done' }), 'code-invalid Observation.status'],
  [
    'a mime type',
    patient({ photo: [{ contentType: 'png', url: 'http://a' }] }),
    'code-invalid Patient.photo[0].contentType',
  ],
  [
    'an extension in the place of a code',
    patient({
      _gender: {
        extension: [
          { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' },
        ],
      },
    }),
    'code-invalid Patient.gender',
  ],
  [
    'a currency',
    { resourceType: 'Invoice', status: 'draft', totalNet: { value: 1, currency: 'XYZ' } },
    'code-invalid Invoice.totalNet.currency',
  ],
  [
    'a unit of time',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/1' },
      onsetAge: { value: 1, system: 'http://unitsofmeasure.org', code: 'mg' },
    },
    'code-invalid Condition.onset.code',
  ],
  [
    'a coding of another system',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/1' },
      clinicalStatus: { coding: [{ system: 'http://example.org', code: 'active' }] },
    },
    'code-invalid Condition.clinicalStatus',
  ],
]

describe('structure', () => {
  it('accepts a valid resource', async () => {
    expect(
      await found(patient({ name: [{ family: 'Osman', given: ['Amna'] }], birthDate: '1987-04-02' })),
    ).toEqual([])
  })

  it.each(BROKEN_STRUCTURE)('refuses %s', async (_, resource, issue) => {
    expect(await found(resource)).toContain(issue)
  })

  it('accepts a primitive that has only an extension', async () => {
    const absent = {
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' },
      ],
    }
    expect(
      await found(patient({ _birthDate: absent, name: [{ given: [null, 'B'], _given: [absent, null] }] })),
    ).toEqual([])
  })

  it('accepts the id of a primitive beside its value', async () => {
    const name = [{ family: 'Osman', _family: { id: 'b' }, given: ['A', 'B'], _given: [null, { id: 'c' }] }]
    expect(await found(patient({ birthDate: '1987-04-02', _birthDate: { id: 'a' }, name }))).toEqual([])
  })

  it('answers nesting that is too deep with an issue', async () => {
    let extension: JsonObject = { url: 'http://example.org/x', valueString: 'end' }
    for (let i = 0; i < 10_000; i++) extension = { url: 'http://example.org/x', extension: [extension] }
    const issues = await issuesOf(patient({ extension: [extension] }))
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatchObject({
      code: 'too-long',
      text: expect.stringContaining(String(limits.fhir.nesting)),
    })
  })

  it('stops at the number of issues that the caller can use', async () => {
    const names = Array.from({ length: 50 }, () => ({ use: 'nobody' }))
    expect(await issuesOf(patient({ name: names }), 5)).toHaveLength(5)
  })
})

describe('primitive values', () => {
  it.each(BAD_VALUES)('refuses %s', async (_, resource, issue) => {
    expect(await found(resource)).toContain(issue)
  })

  it('accepts base64 with line ends and a date of any precision', async () => {
    const photo = [{ contentType: 'image/png', data: 'aGVs\nbG8h' }]
    expect(
      await found(patient({ photo, birthDate: '1987-04', deceasedDateTime: '2024-02-29T10:30:00.5+02:00' })),
    ).toEqual([])
  })
})

describe('required bindings', () => {
  it.each(UNKNOWN_CODES)('refuses %s out of its value set', async (_, resource, issue) => {
    expect(await found(resource)).toContain(issue)
  })
})

const subject = (reference: string) => observation({ subject: { reference } })

describe('references', () => {
  it.each([
    'Patient/1',
    'Patient/1/_history/2',
    'http://other.org/fhir/Patient/1',
    'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f10',
    'Patient?identifier=a|b',
  ])('accepts %s', async (reference) => {
    expect(await found(subject(reference))).toEqual([])
  })

  it.each([
    'Patient 1',
    'Patientt/1',
    'Patient/a b',
    'Practitioner/1',
    'http://other.org/fhir/Practitioner/1',
    '#',
  ])('refuses "%s" as the subject of an observation', async (reference) => {
    expect(await found(subject(reference))).toEqual(['value Observation.subject.reference'])
  })

  it('refuses a fragment that no contained resource answers', async () => {
    expect(await found(subject('#p'))).toEqual(['invariant Observation.subject'])
    const contained = [{ resourceType: 'Patient', id: 'p' }]
    expect(await found({ ...subject('#p'), contained })).toEqual([])
  })
})

describe('narratives', () => {
  it('accepts simple formatting', async () => {
    const div = `<div ${XMLNS}><p style="color: red">A &amp; B &#160;&quot;&apos;&lt;&gt; <a href="http://a">b</a><br/></p><!-- c --></div>`
    expect(await found(narrative(div))).toEqual([])
  })

  it.each([
    `<div ${XMLNS}>a<script>alert(1)</script></div>`,
    `<div ${XMLNS}><p onclick="x()">a</p></div>`,
    `<div ${XMLNS}><a href="javascript:x()">a</a></div>`,
    `<div ${XMLNS}><a href="java&#115;cript:x()">a</a></div>`,
    `<div ${XMLNS}><a href="java\tscript:x()">a</a></div>`,
    `<div ${XMLNS}><iframe src="http://a"/>a</div>`,
    `<div ${XMLNS}><p>a</div>`,
    `<div ${XMLNS}>a`,
    `<div ${XMLNS}>a</div><div>b</div>`,
    `<div ${XMLNS}>  </div>`,
    `<div ${XMLNS}>a & b</div>`,
    `<div ${XMLNS}>a&nbsp;b</div>`,
    `<div ${XMLNS}><img src="a" alt="&copy;"/></div>`,
    `<div ${XMLNS}><!DOCTYPE x>a</div>`,
    '<p>a</p>',
    'a',
    `<div xmlns="http://example.org">a</div>`,
    '<div>a</div>',
    `<div ${XMLNS}><p contenteditable="true">a</p></div>`,
    `<div ${XMLNS}><p class="a" class="b">a</p></div>`,
    `<div ${XMLNS}><style>p { color: red }</style>a</div>`,
    `<div ${XMLNS}><del>a</del>b</div>`,
    `<div ${XMLNS}>&#1;a</div>`,
    `<div ${XMLNS}>&#xD800;a</div>`,
  ])('refuses %s', async (div) => {
    expect(await found(narrative(div))).toEqual(['value Patient.text.div'])
  })
})
