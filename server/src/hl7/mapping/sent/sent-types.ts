import type { Definitions } from '../../../fhir/definitions.ts'
import { limits } from '../../../kernel/limits.ts'
import type { OutboundDefinition, OutboundRules } from '../../rules/outbound-rules.ts'

/**
 * What R4 says of the types and elements that `outbound/` names. A running hub does not ask: a wrong name makes messages that are never sent, or an
 * element that nobody reads, and breaks nothing.
 *
 * @returns one line for each problem, with its file and key
 */
export async function outboundTypeProblems(
  { definitions: outbound }: OutboundRules,
  definitions: Definitions,
): Promise<readonly string[]> {
  const found = await Promise.all(
    [...outbound].map(async ([name, definition]) =>
      (await problemsOf(definition, definitions)).map((problem) => `outbound/${name}.yaml ${problem}`),
    ),
  )
  return found.flat()
}

async function problemsOf(
  { type, deleted, causes }: OutboundDefinition,
  definitions: Definitions,
): Promise<readonly string[]> {
  const named = ['type', ...(causes?.keys() ?? [])].map((key) => [key, key === 'type' ? type : key])
  const unknown = named.flatMap(([key, name = '']) =>
    definitions.types.includes(name)
      ? []
      : [`${key === 'type' ? 'type' : `causes.${name}`}: R4 has no type "${name}"`],
  )
  if (deleted === undefined) return unknown
  const module = await definitions.load(type)
  const issues = module?.validate({ resourceType: type, ...deleted }, limits.fhir.issues) ?? []
  const wrong = issues.flatMap(({ at = '', text }) => {
    const place = at.slice(type.length + 1)
    const isHere = Object.keys(deleted).some(
      (key) => place === key || (/^[.[]/.test(place.slice(key.length)) && place.startsWith(key)),
    )
    return isHere ? [`deleted.${place}: ${text}`] : []
  })
  return [...unknown, ...wrong]
}
