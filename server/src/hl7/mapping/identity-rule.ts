/**
 * `item`: senders give the number to several things, which these parts tell apart. `new`: the message tells of a new thing, so that one of
 * another code that has the number already is not meant. `also`: types of other numbers, and `group`: the element with the number of a group, that
 * find it, too, when a message names nothing else. `whole`: condition of messages that name all things of a group. `beside`: what it is known by as well.
 */
export type IdentityRule =
  | {
      readonly element: string
      readonly prefer?: 'feed' | readonly string[]
      readonly item?: readonly string[]
      readonly new?: string
      readonly also?: readonly string[]
      readonly group?: string
      readonly whole?: string
      readonly beside?: ComposedRule
    }
  | ComposedRule

/** `likely`: what is probably the same thing, which a person has to say. */
export interface ComposedRule {
  readonly system: string
  readonly parts: readonly string[]
  readonly when?: string
  readonly likely?: { readonly system: string; readonly parts: readonly string[] }
  readonly group?: string
}
