import type { JsonObject, JsonValue } from '../../kernel/json.ts'

/** What queries need of the mapping. */
export interface QueryRules {
  /** The rules for a query (`QBP^Q22`) and what the feed calls things; `undefined` when there are none. */
  queryOf(feed: string, event: string): FeedQuery | undefined
}

export interface FeedQuery {
  readonly rule: QueryRule
  /**
   * @param assigner name, universal id and its type, as in an HD
   * @returns the system of identifiers in the record; that of identifiers without assigner when all are empty
   */
  systemOf(assigner: readonly string[]): string
  /** What the feed calls a system. */
  nameOf(system: string): string | undefined
}

export interface QueryRule {
  /** Message code and event of the answer. */
  readonly answer: readonly [code: string, event: string]
  /** The names in QPD-1 that are answered, in capitals. */
  readonly names: ReadonlySet<string>
  /** MSH-9.3 of the answer in a version of the standard. */
  structureIn(version: string): string
  /** Fields of QPD. */
  readonly person?: number
  readonly criteria?: number
  readonly threshold?: number
  readonly domains: number
  /** A number that nobody has is an error; otherwise nothing was found. */
  readonly isUnknownError: boolean
  /** Only identifiers that were not asked with, and nobody who has none. */
  readonly isForOthers: boolean
  /** By their place, `PID.5.2`. */
  readonly parameters: ReadonlyMap<string, QueryParameter>
  /** Segments about one person, in the `version` among the variables. */
  write(person: JsonObject, variables: Readonly<Record<string, JsonValue>>): Promise<readonly string[]>
}

export interface QueryParameter {
  /** Search parameter of Patient. */
  readonly search: string
  /** Place of its assigning authority. */
  readonly assigner?: string
  /** The value to search for; `undefined` when the text is none. */
  read(text: string): string | undefined
  /** Texts of a person that are compared as a whole; absent: the search says it all. */
  readonly values?: (person: JsonObject) => readonly string[]
  /** HL7 table 0392. */
  readonly reason?: string
}
