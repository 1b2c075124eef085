import type { ExtensionRule } from '../validation/extensions.ts'
import type { Corrections } from './corrections.ts'
import type { ExtensionDefinition } from './specification.ts'

/** What the running hub must know of R4's own extensions, by url. */
export function emitExtensions(
  definitions: readonly ExtensionDefinition[],
  corrections: Corrections,
): string {
  const rules = definitions.map((definition) => {
    const more = corrections.extensionContexts[definition.url]?.contexts ?? []
    return [definition.url, ruleOf(definition, more)] as const
  })
  return JSON.stringify(Object.fromEntries(rules))
}

function ruleOf(
  { context, snapshot: { element } }: ExtensionDefinition,
  more: readonly string[],
): ExtensionRule {
  const value = element.find(({ path }) => path === 'Extension.value[x]')
  const types = value === undefined || value.max === '0' ? [] : (value.type ?? [])
  return {
    contexts: [...context.map(({ expression }) => expression), ...more],
    values: types.map(({ code }) => `value${code.charAt(0).toUpperCase()}${code.slice(1)}`),
    isModifier: element[0]?.isModifier === true,
  }
}
