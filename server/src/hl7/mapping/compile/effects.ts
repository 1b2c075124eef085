import type { Effect } from '../model/image.ts'
import type { Fields } from '../model/node.ts'
import type { Occurrence } from '../model/structure.ts'
import type { CompiledEffect, CompiledImage, CompiledMessage } from './compile-message.ts'
import type { ImageIndex } from './image-index.ts'
import { numberPlace, outOfSequence, unidentified } from './links.ts'

export interface EffectContext {
  readonly occurrences: ReadonlyMap<string, readonly Occurrence[]>
  readonly index: ImageIndex
  readonly fields: Fields
  readonly variables: Readonly<Record<string, string>>
}

/**
 * What the message means beyond its images: one effect for each bracket that has both images.
 *
 * @throws Fault when the message means it and does not say whom it is about
 */
export function effectsOf(
  { effects, images }: Pick<CompiledMessage, 'effects' | 'images'>,
  context: EffectContext,
): readonly Effect[] {
  const imageOf = (key: string) => images.find((image) => image.key === key)
  return effects.flatMap((rule) => {
    const places = context.occurrences.get(rule.in) ?? context.occurrences.get('message') ?? []
    return places.flatMap((here) => effectIn(rule, here, { ...context, imageOf }))
  })
}

function effectIn(
  rule: CompiledEffect,
  here: Occurrence,
  context: EffectContext & { readonly imageOf: (key: string) => CompiledImage | undefined },
): Effect[] {
  const { index, fields, variables } = context
  const [segment] = here.segments
  if (segment === undefined) return []
  if (rule.condition?.holds({ fields, variables, here, segment, node: undefined }) === false) return []
  const found = (key: string): string => {
    const named = index.nearest(key, here, segment)?.key
    if (named !== undefined) return named
    throw unnamed(key, context.imageOf(key), context)
  }
  const image = found(rule.image)
  const of = rule.of?.flatMap((key) => index.inside(key, here).map((draft) => draft.key))
  const { kind, ends } = rule
  const base = { kind, rule: rule.rule, image, ...(of && { of }), ...(ends && { ends }) }
  if (rule.into === undefined) return [base]
  const into = found(rule.into)
  return into === image ? [] : [{ ...base, into }]
}

function unnamed(
  key: string,
  image: CompiledImage | undefined,
  { fields, occurrences }: EffectContext,
): Error {
  const [at = key] = image?.from ?? []
  if (!fields.has(at)) return outOfSequence(at, `The segment ${at} is missing.`)
  const places = image && occurrences.get(image.in)
  const isThere = places?.some(({ segments }) => segments.some(({ name }) => name === at)) === true
  return unidentified(key, image && isThere ? numberPlace(image, at, at) : at)
}
