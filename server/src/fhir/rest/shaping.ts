import type { TypeModule } from '../definitions.ts'
import { elementsOf, membersOf, memberText, withMembers } from '../json/members.ts'
import type { Shape } from '../search/request.ts'

const SUBSETTED = '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}'
const ALWAYS = ['resourceType', 'id', 'meta']

export function isShaped({ summary, elements }: Shape): boolean {
  return (summary !== undefined && summary !== 'count') || elements !== undefined
}

/** The resource with fewer elements and the tag that says so; what is left keeps its exact text. */
export function shaped(bytes: Uint8Array, shape: Shape, module: TypeModule): Uint8Array {
  const text = Buffer.from(bytes).toString('utf8')
  const keeps = keeping(shape, module)
  const gone = membersOf(text).filter(({ name }) => !keeps(name.replace(/^_/, '')))
  const meta = withSubsetted(memberText(text, 'meta') ?? '{}')
  const removed = Object.fromEntries(gone.map(({ name }) => [name, undefined]))
  const head = { resourceType: memberText(text, 'resourceType'), id: memberText(text, 'id') }
  return Buffer.from(withMembers(text, { ...head, ...removed, meta }), 'utf8')
}

function keeping({ summary, elements }: Shape, module: TypeModule): (name: string) => boolean {
  if (summary === 'data') return (name) => name !== 'text'
  const wanted = summary === 'true' ? module.summary : summary === 'text' ? ['text'] : (elements ?? [])
  const kept = new Set([...ALWAYS, ...module.mandatory, ...wanted])
  // `value` keeps valueQuantity and its siblings: an element of several types is asked for by its plain name.
  return (name) =>
    kept.has(name) ||
    [...kept].some((each) => name.startsWith(each) && /^[A-Z]/.test(name.slice(each.length)))
}

function withSubsetted(meta: string): string {
  const tags = elementsOf(memberText(meta, 'tag') ?? '[]')
  return withMembers(meta, { tag: `[${[...tags, SUBSETTED].join(',')}]` })
}
