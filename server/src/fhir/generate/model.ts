import type { Specification } from './specification.ts'
import type { Constraint, ElementDefinition, StructureDefinition } from './structure-definition.ts'

/** One element of a type as it stands in JSON; a choice has one entry in `types` for each variant. */
export interface Element {
  readonly name: string
  readonly choice: boolean
  readonly required: boolean
  readonly repeats: boolean
  readonly types: readonly ElementType[]
  readonly binding?: string
  readonly outermost?: string
  readonly constraints: readonly Constraint[]
  readonly summary: boolean
  readonly modifier: boolean
}

export interface ElementType {
  /** A primitive or complex data type, `Resource`, or the path of a backbone element (`Patient.contact`). */
  readonly type: string
  /** The property in JSON: `valueQuantity` for a choice, the element's name otherwise. */
  readonly property: string
  /** Resource types that a Reference or canonical may point to; empty for any. */
  readonly targets: readonly string[]
}

/** A resource, data type or backbone element. */
export interface Type {
  readonly name: string
  readonly kind: 'primitive' | 'complex' | 'resource'
  readonly elements: ReadonlyMap<string, Element>
  readonly constraints: readonly Constraint[]
}

export type Model = ReadonlyMap<string, Type>

const SYSTEM_TYPE = 'http://hl7.org/fhirpath/System.'
const PROFILE = 'http://hl7.org/fhir/StructureDefinition/'
const KINDS = { 'primitive-type': 'primitive', 'complex-type': 'complex', resource: 'resource' } as const

/** Types by name; backbone elements stand under their path. */
export function modelOf(specification: Specification): Model {
  const model = new Map<string, Type>()
  for (const structure of specification.structures.values()) addStructure(model, structure)
  return model
}

function addStructure(model: Map<string, Type>, { name, kind, snapshot }: StructureDefinition): void {
  if (kind === 'logical') return
  const elements = snapshot.element
  const parents = new Set(elements.map(({ path }) => path.slice(0, Math.max(path.lastIndexOf('.'), 0))))
  for (const parent of parents) {
    const own = elements.find(({ path }) => path === parent)
    if (!own || (parent !== name && isContentReference(own))) continue
    const children = elements.filter(({ path }) => path.slice(0, path.lastIndexOf('.')) === parent)
    model.set(parent, {
      name: parent,
      kind: parent === name ? KINDS[kind] : 'complex',
      elements: new Map(
        children
          .map((child) => element(child, parents, kind === 'resource' && parent === name))
          .map((entry) => [entry.name, entry]),
      ),
      constraints: own.constraint ?? [],
    })
  }
}

function isContentReference({ contentReference }: ElementDefinition): boolean {
  return contentReference !== undefined
}

function element(definition: ElementDefinition, parents: ReadonlySet<string>, ofResource: boolean): Element {
  const last = definition.path.slice(definition.path.lastIndexOf('.') + 1)
  const choice = last.endsWith('[x]')
  const name = choice ? last.slice(0, -3) : last
  return {
    name,
    choice,
    required: definition.min > 0,
    repeats: definition.max !== '1',
    types: elementTypes(definition, parents, { name, choice, ofResource }),
    ...binding(definition),
    constraints: [...(definition.constraint ?? []), ...profileRules(definition)],
    summary: definition.isSummary === true,
    modifier: definition.isModifier === true,
  }
}

const MAX_SET = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet'

/**
 * The value set that a value must come from: that of a required binding, or the outermost one of a code that has a weaker one. Of what may be
 * text alone, the outermost one is for advice.
 */
function binding({ binding: bound, type = [] }: ElementDefinition): Pick<Element, 'binding' | 'outermost'> {
  if (bound?.strength === 'required') return named('binding', bound.valueSet)
  const outermost = bound?.extension?.find(({ url }) => url === MAX_SET)?.valueCanonical
  return named(type.every(({ code }) => code === 'code') ? 'binding' : 'outermost', outermost)
}

function named(
  name: 'binding' | 'outermost',
  set: string | undefined,
): Pick<Element, 'binding' | 'outermost'> {
  return set === undefined ? {} : { [name]: set.replace(/\|.*$/, '') }
}

/** The one profile that R4's own elements name is Quantity without a comparator. */
const SIMPLE_QUANTITY: Constraint = {
  key: 'sqty-1',
  severity: 'error',
  human: 'The comparator is not used on a SimpleQuantity',
  expression: 'comparator.empty()',
}

function profileRules({ type = [] }: ElementDefinition): readonly Constraint[] {
  const isSimple = type.some(({ profile }) => profile?.includes(`${PROFILE}SimpleQuantity`))
  return isSimple ? [SIMPLE_QUANTITY] : []
}

function elementTypes(
  { path, type, contentReference }: ElementDefinition,
  parents: ReadonlySet<string>,
  { name, choice, ofResource }: { name: string; choice: boolean; ofResource: boolean },
): readonly ElementType[] {
  if (contentReference !== undefined)
    return [{ type: contentReference.replace(/^.*#/, ''), property: name, targets: [] }]
  if (parents.has(path)) return [{ type: path, property: name, targets: [] }]
  return (type ?? []).map(({ code, targetProfile = [] }) => ({
    type: typeName(code, ofResource && name === 'id'),
    property: choice ? name + code.charAt(0).toUpperCase() + code.slice(1) : name,
    targets: targetProfile
      .map((profile) => profile.replace(PROFILE, ''))
      .filter((target) => target !== 'Resource'),
  }))
}

/** The ids of elements and resources are typed with FHIRPath's own String in the definitions. */
function typeName(code: string, isResourceId: boolean): string {
  if (!code.startsWith(SYSTEM_TYPE)) return code
  return isResourceId ? 'System.Id' : 'System.String'
}
