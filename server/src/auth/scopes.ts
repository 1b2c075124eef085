import { type Interaction, LETTER } from './permissions.ts'

/** One granted SMART scope: `system/Observation.rs` is `{ context: 'system', type: 'Observation', letters: 'rs' }`. */
export interface Scope {
  readonly context: 'system' | 'user' | 'patient'
  /** A resource type or `*`. */
  readonly type: string
  /** Some of `cruds`, in this order. */
  readonly letters: string
}

const SCOPE = /^(system|user|patient)\/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?|read|write|\*)$/
const VERSION_1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' }

/** Resource scopes of a blank-separated list; other words (`openid`, `fhirUser`) are left out. */
export function parseScopes(text: string): readonly Scope[] {
  return text.split(' ').flatMap((word) => parseScope(word) ?? [])
}

export function scopeText(scopes: readonly Scope[]): string {
  return scopes.map(({ context, type, letters }) => `${context}/${type}.${letters}`).join(' ')
}

/** Whether one of the scopes covers the interaction with the type. */
export function scopesAllow(scopes: readonly Scope[], interaction: Interaction, type: string): boolean {
  const letter = LETTER[interaction]
  return scopes.some((scope) => (scope.type === '*' || scope.type === type) && scope.letters.includes(letter))
}

/**
 * Reads one scope in the syntax of SMART v2, or v1 (`.read`, `.write`, `.*`).
 *
 * @returns `undefined` for what is no resource scope, and for scopes with a query (`?category=...`), which the hub does not grant.
 * @see SMART App Launch 2.2, "Scopes and Launch Context"
 */
function parseScope(text: string): Scope | undefined {
  const [, context, type, rights] = SCOPE.exec(text) ?? []
  if (context === undefined || type === undefined || !rights) return undefined
  return { context: context as Scope['context'], type, letters: VERSION_1[rights] ?? rights }
}
