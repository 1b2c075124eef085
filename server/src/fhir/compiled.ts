import type { JsonObject } from '../kernel/json.ts'
import type { TypeModule } from './definitions.ts'
import type { KeyCollector } from './keys/collector.ts'
import { DATE, NUMBER, patientOf, PRESENT, REFERENCE, TEXT, TOKEN, URI } from './keys/extract.ts'
import * as collections from './validation/collections.ts'
import * as operators from './validation/operators.ts'

/** What generated code may call. It gets it as an argument: a generated file imports nothing. */
export const RUNTIME = {
  ...collections,
  ...operators,
  DATE,
  NUMBER,
  PRESENT,
  REFERENCE,
  TEXT,
  TOKEN,
  URI,
  patientOf,
}

export const RUNTIME_NAMES: readonly string[] = Object.keys(RUNTIME).toSorted()

/** What a generated file of one resource type gives. */
export interface CompiledType extends Pick<TypeModule, 'type' | 'params' | 'summary' | 'mandatory'> {
  readonly mainDate?: string
  extract(resource: JsonObject, keys: KeyCollector): void
}

export type CompiledFile = (runtime: typeof RUNTIME) => CompiledType
