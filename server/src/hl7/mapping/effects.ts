import type { CompiledEffect } from './compile-message.ts'
import type { ImageIndex } from './image-index.ts'
import type { Effect } from './image.ts'
import type { Fields } from './node.ts'
import type { Occurrence } from './structure.ts'

export interface EffectContext {
  readonly occurrences: ReadonlyMap<string, readonly Occurrence[]>
  readonly index: ImageIndex
  readonly fields: Fields
  readonly variables: Readonly<Record<string, string>>
}

/** What the message means beyond its images: one effect for each bracket that has both images. */
export function effectsOf(rules: readonly CompiledEffect[], context: EffectContext): readonly Effect[] {
  return rules.flatMap((rule) =>
    (context.occurrences.get(rule.in) ?? []).flatMap((here) => effectIn(rule, here, context)),
  )
}

function effectIn(
  rule: CompiledEffect,
  here: Occurrence,
  { index, fields, variables }: EffectContext,
): Effect[] {
  const [segment] = here.segments
  if (segment === undefined) return []
  if (rule.condition?.holds({ fields, variables, here, segment, node: undefined }) === false) return []
  const image = index.nearest(rule.image, here)?.key
  if (image === undefined) return []
  const of = rule.of?.flatMap((key) => index.inside(key, here).map((draft) => draft.key))
  const base = { kind: rule.kind, rule: rule.rule, image, ...(of && { of }) }
  if (rule.into === undefined) return [base]
  const into = index.nearest(rule.into, here)?.key
  return into === undefined || into === image ? [] : [{ ...base, into }]
}
