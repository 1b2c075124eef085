import type { JsonObject } from '../../kernel/json.ts'
import type { ElementTable } from '../elements.ts'
import type { Check } from './check.ts'
import type { CodeSystemRule } from './codings.ts'
import type { ExtensionRule } from './extensions.ts'
import type { ProfilePlan } from './profiles/plan.ts'
import { hasControls, isFilledText, isPlainText, isText } from './syntax.hot.ts'

/** Checks one object and everything below; compiled. */
export type ObjectCheck = (object: JsonObject, check: Check) => void

/** What is the same for all checks. */
export interface Known {
  /** The resource types of R4. */
  readonly types: ReadonlySet<string>
  /** The compiled check of a resource type; `undefined` for what is no type of R4. */
  readonly checkOf: (type: string) => ObjectCheck | undefined
  readonly profileOf: (url: string) => ProfilePlan | undefined
  readonly profileIn: (file: string) => ProfilePlan
  /** What is known of an extension. */
  readonly extensionOf: (url: string) => ExtensionRule | undefined
  /** A code system that R4 defines whole. */
  readonly codeSystemOf: (url: string) => CodeSystemRule | undefined
  /** What a literal reference leads to that stands in the store, as far as somebody has looked for it. */
  readonly targetOf?: (reference: string) => JsonObject | undefined
  /** What single elements are. */
  readonly elements: () => ElementTable
}

export interface CheckOptions {
  readonly type: string
  readonly most: number
  readonly resource: JsonObject
  /** Whether rules of best practice are looked at, too. */
  readonly warnings: boolean
  /** Whether the resource is about to be stored as it is. */
  readonly stored: boolean
  /** The JSON text of the resource, where it is known. */
  readonly text?: string | undefined
}

/** Blank strings are looked at where somebody wants advice. */
export function textCheck({ warnings, text }: CheckOptions): Check['isText'] {
  if (warnings) return isFilledText
  return text === undefined || hasControls(text) ? isText : isPlainText
}
