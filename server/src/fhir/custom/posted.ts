import { createHash } from 'node:crypto'

import type { JsonObject } from '../../kernel/json.ts'
import type { SearchKeys } from '../../store/keys.ts'
import type { SearchParam, SearchParamType } from '../definitions.ts'
import type { ElementTable } from '../elements.ts'
import type { KeyCollector } from '../keys/collector.ts'

/** A SearchParameter that was posted as a resource, ready to find values. */
export interface CustomParameter {
  /** Id of the resource. */
  readonly id: string
  readonly param: SearchParam
  readonly types: readonly string[]
  /** Changes with everything that its keys depend on. */
  readonly fingerprint: string
  /** Adds what it finds in a resource of one of the types. */
  collect(type: string, resource: JsonObject, keys: KeyCollector): void
  /** Of a composite: the keys of each element that its parts are asked of. */
  readonly elements?: (
    type: string,
    resource: JsonObject,
    collector: () => KeyCollector,
  ) => readonly SearchKeys[]
}

/** Names what makes its keys for the resources that are stored already. */
export function rebuildName({ id }: Pick<CustomParameter, 'id'>): string {
  return `search-parameter ${id}`
}

/** What a posted parameter is read with. */
export interface Vocabulary {
  readonly table: ElementTable
  readonly types: readonly string[]
  /** See `Definitions`. */
  readonly walkHash: string
  /** A parameter of a type by its canonical url: what a composite may be made of. */
  readonly parameterAt: (type: string, url: string) => SearchParam | undefined
}

/** The elements of a SearchParameter that a search depends on. */
export interface Posted {
  readonly id: string
  readonly url: string
  /** The parameter that a guide says this one narrows. */
  readonly derivedFrom?: string
  readonly code: string
  readonly type: SearchParamType
  readonly base: readonly string[]
  readonly expression?: string
  readonly target?: readonly string[]
  readonly component?: readonly { readonly definition: string; readonly expression: string }[]
}

/** The resource types that a posted parameter is one of. */
export function typesOf({ base }: Posted, types: readonly string[]): readonly string[] {
  return base.some((each) => each === 'Resource' || each === 'DomainResource') ? types : base
}

/** Changes with what the keys of a parameter depend on. */
export function fingerprintOf(facts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}
