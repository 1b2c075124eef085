import { readFileSync } from 'node:fs'

import type { ElementDefinition } from './structure-definition.ts'

/** `r4-corrections.json`: where the definitions package differs from what R4 (4.0.1) says. Each entry carries its reason. */
export interface Corrections {
  readonly removedTypes: Readonly<Record<string, string>>
  /** Element path (with everything below it) to the reason. */
  readonly removedElements: Readonly<Record<string, string>>
  readonly elements: readonly (Partial<ElementDefinition> & { readonly path: string; readonly why: string })[]
  /** SearchParameter id to the reason. */
  readonly removedParameters: Readonly<Record<string, string>>
  /** Composite SearchParameter id to the expressions of its parts. */
  readonly partExpressions: Readonly<
    Record<string, { readonly why: string; readonly expressions: readonly string[] }>
  >
  /** Profiles of R4 that the generator leaves out: canonical url to the reason. */
  readonly removedProfiles: Readonly<Record<string, string>>
  /** Invariants that the generator leaves out, by key, or that it reads with another expression. */
  readonly invariants: Readonly<Record<string, { readonly why: string; readonly expression?: string }>>
  /** More places where an extension of R4 may stand: its url to the contexts. */
  readonly extensionContexts: Readonly<
    Record<string, { readonly why: string; readonly contexts: readonly string[] }>
  >
  /** Value sets of required bindings whose members are checked by syntax: url to `mime`, `currency` or `ucum`. */
  readonly syntaxes: Readonly<Record<string, string>>
}

export const CORRECTIONS_FILE = new URL('../r4-corrections.json', import.meta.url)

export function readCorrections(): Corrections {
  return JSON.parse(readFileSync(CORRECTIONS_FILE, 'utf8')) as Corrections
}
