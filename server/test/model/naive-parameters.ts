import { exact, timeSpan } from './naive-values.ts'
import type { Span } from './naive-values.ts'
import type { Json, Resource } from './world.ts'

/** What a parameter finds in a resource, walked by hand from the element tables of R4. */
export type Parameter =
  | { readonly kind: 'token'; readonly of: (resource: Resource) => readonly Token[] }
  | {
      readonly kind: 'string'
      readonly of: (resource: Resource) => readonly string[]
      /** What values may begin with as well. */
      readonly parts?: (resource: Resource) => readonly string[]
    }
  | { readonly kind: 'uri'; readonly of: (resource: Resource) => readonly string[] }
  | { readonly kind: 'date'; readonly of: (resource: Resource) => readonly Span<number>[] }
  | { readonly kind: 'number'; readonly of: (resource: Resource) => readonly Span<bigint | number>[] }
  | { readonly kind: 'quantity'; readonly of: (resource: Resource) => readonly Amount[] }
  | {
      readonly kind: 'reference'
      readonly targets: readonly string[]
      readonly of: (resource: Resource) => readonly Json[]
    }
  | { readonly kind: 'composite'; readonly of: (resource: Resource) => readonly Parts[] }

export interface Token {
  readonly system?: string
  readonly code?: string
  readonly texts: readonly string[]
  /** Of an identifier: `system|code` of its type. */
  readonly types?: readonly string[]
}

export interface Amount {
  readonly span: Span<bigint | number>
  readonly system?: string
  readonly code?: string
  readonly unit?: string
}

export interface Parts {
  readonly tokens: readonly Token[]
  readonly amounts: readonly Amount[]
}

type Many = readonly Json[] | undefined

function items(resource: Json, name: string): readonly Json[] {
  const value = resource[name]
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]) as readonly Json[]
}

const text = (value: unknown): readonly string[] => (typeof value === 'string' ? [value] : [])

function codingToken(coding: Json): Token {
  return { ...(coding as Omit<Token, 'texts'>), texts: text(coding['display']) }
}

function concepts(list: readonly Json[]): readonly Token[] {
  return list.flatMap((concept) => [
    { texts: text(concept['text']) },
    ...items(concept, 'coding').map((coding) => codingToken(coding)),
  ])
}

function identifiers(list: readonly Json[]): readonly Token[] {
  return list.map((identifier) => ({
    ...(typeof identifier['system'] === 'string' ? { system: identifier['system'] } : {}),
    code: String(identifier['value']),
    texts: [],
    types: items((identifier['type'] ?? {}) as Json, 'coding').map(
      (coding) => `${String(coding['system'])}|${String(coding['code'])}`,
    ),
  }))
}

function codes(value: unknown, system?: string): readonly Token[] {
  return typeof value === 'string'
    ? [{ ...(system === undefined ? {} : { system }), code: value, texts: [] }]
    : []
}

function period({ start, end }: { start?: string; end?: string }): Span<number> {
  return {
    lo: start === undefined ? -Infinity : timeSpan(start).lo,
    hi: end === undefined ? Infinity : timeSpan(end).hi,
  }
}

function effective(resource: Resource): readonly Span<number>[] {
  const { effectiveDateTime, effectivePeriod, effectiveTiming } = resource
  if (typeof effectiveDateTime === 'string') return [timeSpan(effectiveDateTime)]
  if (effectivePeriod) return [period(effectivePeriod)]
  const events = (effectiveTiming as { event: readonly string[] } | undefined)?.event.map((event) =>
    timeSpan(event),
  )
  if (!events) return []
  return [{ lo: Math.min(...events.map(({ lo }) => lo)), hi: Math.max(...events.map(({ hi }) => hi)) }]
}

function amounts(list: readonly Json[]): readonly Amount[] {
  return list.map((quantity) => {
    const { value, comparator, ...unit } = quantity as { value: number; comparator?: string }
    const point = exact(String(value))
    const span = comparator?.startsWith('<')
      ? { lo: -Infinity, hi: point }
      : comparator?.startsWith('>')
        ? { lo: point, hi: Infinity }
        : { lo: point, hi: point }
    return { span, ...unit }
  })
}

const values = (element: Json): readonly Amount[] => amounts(items(element, 'valueQuantity'))
const parts = (element: Json): Parts => ({
  tokens: concepts(items(element, 'code')),
  amounts: values(element),
})
const components = (resource: Json): readonly Json[] => items(resource, 'component')
const names = (resource: Json): readonly Json[] => items(resource, 'name')

const COMMON: Readonly<Record<string, Parameter>> = {
  _id: { kind: 'token', of: ({ id }) => codes(id) },
  _tag: {
    kind: 'token',
    of: (resource) => items((resource['meta'] ?? {}) as Json, 'tag').map(codingToken),
  },
  _profile: {
    kind: 'uri',
    of: (resource) =>
      ((((resource['meta'] ?? {}) as Json)['profile'] as readonly string[] | undefined) ?? []).flatMap(
        (profile) => (profile.includes('|') ? [profile, profile.slice(0, profile.indexOf('|'))] : [profile]),
      ),
  },
}

/** What of a family name begins behind a blank or a hyphen. */
function familyParts(patient: Resource): readonly string[] {
  return names(patient)
    .flatMap(({ family }) => text(family))
    .flatMap((family) => {
      const words = family.split(/[ -]/)
      return words.slice(1).map((_, index) => words.slice(index + 1).join(family.includes('-') ? '' : ' '))
    })
}

export const PARAMETERS: Readonly<Record<string, Readonly<Record<string, Parameter>>>> = {
  Patient: {
    ...COMMON,
    family: {
      kind: 'string',
      of: (patient) => names(patient).flatMap(({ family }) => text(family)),
      parts: familyParts,
    },
    given: {
      kind: 'string',
      of: (patient) => names(patient).flatMap(({ given }) => (given ?? []) as readonly string[]),
    },
    name: {
      kind: 'string',
      of: (patient) =>
        names(patient).flatMap(({ family, given }) =>
          text(family).concat((given ?? []) as readonly string[]),
        ),
      parts: familyParts,
    },
    gender: { kind: 'token', of: ({ gender }) => codes(gender, 'http://hl7.org/fhir/administrative-gender') },
    birthdate: { kind: 'date', of: ({ birthDate }) => text(birthDate).map((date) => timeSpan(date)) },
    identifier: { kind: 'token', of: (patient) => identifiers(items(patient, 'identifier')) },
    organization: {
      kind: 'reference',
      targets: ['Organization'],
      of: (patient) => items(patient, 'managingOrganization'),
    },
  },
  Organization: {
    ...COMMON,
    name: { kind: 'string', of: ({ name }) => text(name) },
    partof: {
      kind: 'reference',
      targets: ['Organization'],
      of: (organization) => items(organization, 'partOf'),
    },
  },
  Observation: {
    ...COMMON,
    status: { kind: 'token', of: ({ status }) => codes(status, 'http://hl7.org/fhir/observation-status') },
    code: { kind: 'token', of: (resource) => concepts(items(resource, 'code')) },
    category: { kind: 'token', of: (resource) => concepts(items(resource, 'category')) },
    date: { kind: 'date', of: effective },
    subject: {
      kind: 'reference',
      targets: ['Group', 'Device', 'Patient', 'Location'],
      of: (resource) => items(resource, 'subject'),
    },
    'value-quantity': { kind: 'quantity', of: values },
    'combo-value-quantity': {
      kind: 'quantity',
      of: (resource) => [resource, ...components(resource)].flatMap(values),
    },
    'code-value-quantity': { kind: 'composite', of: (resource) => [parts(resource)] },
    'component-code-value-quantity': { kind: 'composite', of: (resource) => components(resource).map(parts) },
    'combo-code-value-quantity': {
      kind: 'composite',
      of: (resource) => [resource, ...components(resource)].map(parts),
    },
  },
  ValueSet: { ...COMMON, url: { kind: 'uri', of: ({ url }) => text(url) } },
  RiskAssessment: {
    ...COMMON,
    probability: {
      kind: 'number',
      of: (resource) =>
        items(resource, 'prediction').map(({ probabilityDecimal }) => {
          const point = exact(String(probabilityDecimal))
          return { lo: point, hi: point }
        }),
    },
    subject: {
      kind: 'reference',
      targets: ['Group', 'Patient'],
      of: (resource) => items(resource, 'subject'),
    },
  },
}

export function listed(list: Resource): Many {
  return items(list, 'entry').flatMap((entry) => items(entry, 'item'))
}
