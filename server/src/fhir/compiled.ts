import type { JsonObject } from '../kernel/json.ts'
import type { TypeModule } from './definitions.ts'
import type { KeyCollector } from './keys/collector.ts'
import { DATE, NUMBER, patientOf, PRESENT, REFERENCE, TEXT, TOKEN, URI } from './keys/extract.ts'
import { checkAttachment } from './validation/attachment.ts'
import { codesBySyntax, codesOf, isAllowed } from './validation/bindings.ts'
import { checkBundle } from './validation/bundle.ts'
import type { ObjectCheck } from './validation/check-options.ts'
import { checkCoding } from './validation/codings.ts'
import * as collections from './validation/collections.ts'
import { checkConcepts } from './validation/concepts.ts'
import { checkContained } from './validation/contained.ts'
import * as conversions from './validation/conversions.ts'
import { checkExtension } from './validation/extensions.ts'
import * as functions from './validation/functions.ts'
import * as operators from './validation/operators.ts'
import { PRIMITIVES } from './validation/primitives.ts'
import { checkReference } from './validation/references.ts'
import * as syntax from './validation/syntax.hot.ts'
import { adviseOnUnit, checkUnit } from './validation/unit.ts'
import * as values from './validation/values.ts'

/** What generated code may call. It gets it as an argument: a generated file imports nothing. */
export const RUNTIME = {
  ...collections,
  ...operators,
  ...functions,
  ...conversions,
  ...syntax,
  ...values,
  DATE,
  NUMBER,
  PRESENT,
  PRIMITIVES,
  REFERENCE,
  TEXT,
  TOKEN,
  URI,
  adviseOnUnit,
  checkAttachment,
  checkBundle,
  checkCoding,
  checkConcepts,
  checkContained,
  checkExtension,
  checkReference,
  checkUnit,
  codesBySyntax,
  codesOf,
  isAllowed,
  isNever: () => false,
  patientOf,
}

export const RUNTIME_NAMES: readonly string[] = Object.keys(RUNTIME).toSorted()

/** What a generated file of one resource type gives. */
export interface CompiledType extends Pick<
  TypeModule,
  'type' | 'params' | 'summary' | 'mandatory' | 'ordered'
> {
  readonly mainDate?: string
  /** Composites whose elements repeat: fills one collector for each element. */
  readonly parts: Readonly<Record<string, (resource: JsonObject, each: () => KeyCollector) => void>>
  readonly check: ObjectCheck
  extract(resource: JsonObject, keys: KeyCollector): void
}

/** The checks of the data types by function name: what the resource types share. */
export type DataTypes = Readonly<Record<string, ObjectCheck>>

export type CompiledFile<Result = CompiledType> = (runtime: typeof RUNTIME, dataTypes?: DataTypes) => Result
