import type { Issue } from '../../kernel/fault.ts'
import type { SearchParam } from '../definitions.ts'

/** One name and value of a query, decoded. */
export type Pair = readonly [name: string, value: string]

/** A search of one type as the caller asked for it, checked against the parameters of the type. */
export interface SearchRequest {
  readonly filters: readonly Filter[]
  readonly sort: readonly SortKey[]
  readonly count: number
  /** Absent: give a total where it costs nothing. */
  readonly total?: 'none' | 'estimate' | 'accurate'
  readonly includes: readonly Include[]
  readonly shape: Shape
  /** Absent: contained resources are not searched. */
  readonly contained?: ContainedSearch
  readonly explain: boolean
  /** Token of a `next` link. */
  readonly page?: string
  /** The pairs that were understood, and their text for the links. */
  readonly used: readonly Pair[]
  readonly query: string
  readonly warnings: readonly Issue[]
}

/** `_contained` and `_containedType`. */
export interface ContainedSearch {
  /** `both`: resources that are not contained as well. */
  readonly which: 'true' | 'both'
  readonly returned: 'container' | 'contained'
}

export type Filter =
  | {
      readonly kind: 'param'
      readonly param: SearchParam
      readonly modifier?: string
      readonly label: string
      readonly values: readonly string[]
    }
  /** `subject:Patient.name=peter`: `rest` is the parameter of the target. */
  | {
      readonly kind: 'chain'
      readonly param: SearchParam
      readonly targets: readonly string[]
      readonly label: string
      readonly rest: Pair
    }
  /** `_list=42`: the members of these lists. */
  | { readonly kind: 'list'; readonly label: string; readonly lists: readonly string[] }
  /** `_has:Observation:patient:code=x`. */
  | {
      readonly kind: 'has'
      readonly source: string
      readonly reference: string
      readonly label: string
      readonly rest: Pair
    }

export interface SortKey {
  readonly param: SearchParam
  readonly descending: boolean
}

export interface Include {
  readonly reverse: boolean
  readonly iterate: boolean
  /** The type whose reference is followed; `*` together with parameter `*`. */
  readonly source: string
  readonly param: string
  readonly target?: string
  /** As it was written. */
  readonly asked: Pair
}

/** How much of each resource is sent. */
export interface Shape {
  readonly summary?: 'true' | 'text' | 'data' | 'count'
  readonly elements?: readonly string[]
}

/** `lenient`: parameters and modifiers that are unknown are left out with a warning. */
export type Handling = 'strict' | 'lenient'
