import { compilePath, fieldsOf } from '../model/path.ts'

/**
 * `item`: senders give the number to several things, which these parts tell apart. `new`: the message tells of a new thing, so that one of
 * another code that has the number already is not meant. `last`: the message speaks of what it has told before, and the later word counts. `also`: types of other numbers, and `group`: the element with the number of a group, that
 * find it, too, when a message names nothing else. `whole`: condition of messages that name all things of a group. `beside`: what it is known by as well.
 */
export type IdentityRule =
  | {
      readonly element: string
      readonly prefer?: 'feed' | readonly string[]
      readonly item?: readonly string[]
      readonly new?: string
      readonly last?: string
      readonly also?: readonly string[]
      readonly group?: string
      readonly whole?: string
      readonly when?: string
      readonly beside?: Composed
      readonly likely?: Composed
    }
  | ComposedRule

interface Composed {
  readonly system: string
  readonly parts: readonly string[]
}

/**
 * `likely`: what is probably the same thing, which a person has to say. `alike`: condition of messages that speak of what was told before, so that
 * what agrees in all parts but the last is probably the same. `beside`: what it is known by as well.
 */
export interface ComposedRule extends Composed {
  readonly when?: string
  readonly likely?: Composed
  readonly beside?: Composed
  readonly alike?: string
  readonly group?: string
}

interface Writing {
  readonly segment: string
  /** By element the first field that rows write it from. */
  readonly writers: ReadonlyMap<string, number>
}

/** By segment the field that a thing is known by first: what has to be filled where nothing says which one is meant. */
export function numberFields(
  rules: readonly IdentityRule[],
  maps: readonly Writing[],
): ReadonlyMap<string, number> {
  const found = maps.flatMap(({ segment, writers }) => {
    const fields = rules.map((rule) =>
      'element' in rule ? writers.get(rule.element) : fieldOf(rule.parts, segment),
    )
    const field = fields.find((one) => one !== undefined)
    return field === undefined ? [] : [[segment, field] as const]
  })
  return new Map(found)
}

/** Of the first part that has to be there and stands in the segment. */
function fieldOf(parts: readonly string[], segment: string): number | undefined {
  return parts
    .filter((part) => !/^[?@]/.test(part))
    .flatMap((part) => fieldsOf(compilePath(part)))
    .find((one) => one.segment === segment)?.field
}
