import type { ExtensionRule } from '../validation/extensions.ts'
import type { Corrections } from './corrections.ts'
import type { ProfileDefinition, ProfileElement } from './profiles/definitions.ts'

interface ExtensionSource {
  readonly corrections: Corrections
  /** Url to the file of its plan; those of `fhir-profiles/` are found as profiles. */
  readonly extensionUrls: Readonly<Record<string, string>>
}

/** What the running hub must know of the extensions of R4 and of `fhir-profiles/`, by url. */
export function emitExtensions(
  definitions: readonly ProfileDefinition[],
  { corrections, extensionUrls }: ExtensionSource,
): string {
  const rules = definitions.map((definition) => {
    const more = corrections.extensionContexts[definition.url]?.contexts ?? []
    return [definition.url, ruleOf(definition, { more, plan: extensionUrls[definition.url] })] as const
  })
  return JSON.stringify(Object.fromEntries(rules))
}

function ruleOf(
  definition: ProfileDefinition,
  { more, plan }: { readonly more: readonly string[]; readonly plan: string | undefined },
): ExtensionRule {
  const elements = definition.snapshot?.element ?? definition.differential?.element ?? []
  const value = elements.find(({ path }) => path === 'Extension.value[x]')
  const contexts = (definition.context ?? []).filter(({ type }) => type === 'element')
  return {
    contexts: contexts.length > 0 ? [...contexts.map(({ expression }) => expression), ...more] : ['Element'],
    ...(value === undefined ? {} : { values: valuesOf(value) }),
    parts: elements.flatMap((element) => partUrl(element)),
    isModifier: elements[0]?.isModifier === true,
    ...(plan === undefined ? {} : { plan }),
  }
}

function valuesOf({ max, type = [] }: ProfileElement): readonly string[] {
  if (max === '0') return []
  return type.map(({ code }) => `value${code.charAt(0).toUpperCase()}${code.slice(1)}`)
}

/** The url of a part stands fixed in its slice. */
function partUrl({ path, fixedUri }: ProfileElement): readonly string[] {
  return path === 'Extension.extension.url' && typeof fixedUri === 'string' ? [fixedUri] : []
}
