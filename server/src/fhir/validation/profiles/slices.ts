import type { JsonValue } from '../../../kernel/json.ts'
import { referencedType } from '../../keys/references.ts'
import type { Check } from '../check.ts'
import { isObject, same } from '../collections.ts'
import { typeOf, type Item } from './items.ts'
import { checkCount } from './limits.ts'
import type { Discriminator, ElementPlan, Limits, Slice, Slicing } from './plan.ts'

interface Context {
  readonly check: Check
  readonly checkItem: (plan: ElementPlan, item: Item, check: Check) => void
}

interface Sliced extends Context {
  readonly items: readonly Item[]
}

/** Sorts the items of an element into its slices and checks each against its own. @see FHIR R4, "Profiling", Slicing */
export function checkSlices({ name }: ElementPlan, slicing: Slicing, { items, ...context }: Sliced): void {
  const { slices } = slicing
  const { check, checkItem } = context
  const places: number[] = []
  for (const item of items) {
    const at = sliceOf(item, slices, context)
    check.step(name, item.index)
    const slice = slices[at]
    if (slice) checkItem(slice.plan, item, check)
    checkOrder(at, slicing, { places, check })
    places.push(at)
    check.leave()
  }
  for (const [at, slice] of slices.entries()) {
    const own = items.filter((_, i) => places[i] === at)
    checkSliceCount(slice, own.length, check)
    if (slice.plan.slicing) checkSlices(slice.plan, slice.plan.slicing, { items: own, ...context })
  }
}

/** Index of the slice that an item belongs to, or -1. */
function sliceOf(item: Item, slices: readonly Slice[], context: Context): number {
  for (let at = 0; at < slices.length; at++) {
    const slice = slices[at]
    if (slice && belongs(item, slice, context)) return at
  }
  return -1
}

function belongs(item: Item, { by }: Slice, context: Context): boolean {
  for (const each of by) if (!meets(each, item, context)) return false
  return by.length > 0
}

/** @param at index of the slice of an item, -1 for none; `places` those of the items before */
function checkOrder(
  at: number,
  { rules, ordered, slices }: Slicing,
  { places, check }: { places: readonly number[]; check: Check },
): void {
  if (at === -1) {
    if (rules === 'closed')
      check.fault('structure', `The profile allows ${slices.map(({ name }) => name).join(', ')} here only.`)
    return
  }
  if (rules === 'openAtEnd' && places.includes(-1))
    check.fault('structure', 'The profile wants the slices first: move this before the others.')
  const later = ordered ? slices[Math.max(...places)] : undefined
  if (later && places.some((place) => place > at))
    check.fault('structure', `The slice "${slices[at]?.name}" must stand before "${later.name}".`)
}

function checkSliceCount({ name, plan }: Slice, count: number, check: Check): void {
  const { min, max } = plan
  if (count < min)
    check.addAt(
      plan.name,
      'required',
      `The profile requires ${min} of the slice "${name}", here ${count === 1 ? 'is' : 'are'} ${count}: ${hint(plan)}`,
    )
  else if (count > max) checkCount({ ...plan, min: 0 }, count, check)
}

/** What an item of a slice looks like, as far as fixed values tell. */
function hint(plan: ElementPlan): string {
  const texts = fixedTexts(plan)
  return texts.length > 0 ? `add one with ${texts.join(', ')}.` : 'add what is missing.'
}

function fixedTexts({ name, limits, children, slicing }: ElementPlan): readonly string[] {
  const value = limits?.fixed ?? limits?.pattern
  const own = value === undefined ? [] : [`${name} ${JSON.stringify(value)}`]
  return [
    ...own,
    ...children.flatMap(fixedTexts),
    ...(slicing?.slices ?? []).filter(({ plan }) => plan.min > 0).flatMap(({ plan }) => fixedTexts(plan)),
  ].slice(0, 4)
}

function meets(by: Discriminator, item: Item, context: Context): boolean {
  const found = by.path ? by.path(item.value, context.check.root) : [item.value]
  switch (by.kind) {
    case 'exists':
      return found.length > 0 === by.exists
    case 'type':
      return found.some((value) => by.types.includes(by.path ? shownType(value) : typeOf(item)))
    case 'profile':
      return found.some((value) => meetsProfile(by, value, context))
    case 'value':
    default:
      return found.some((value) =>
        isFitting(by.plan, { value, extra: undefined, type: item.type, index: item.index }, context),
      )
  }
}

function isFitting(plan: ElementPlan | undefined, item: Item, { check, checkItem }: Context): boolean {
  if (!plan) return false
  const { limits } = plan
  if (limits?.fixed !== undefined) {
    if (!same(item.value, limits.fixed)) return false
    if (isFixedOnly(plan, limits)) return true
  }
  return check.trial(() => checkItem(plan, item, check))
}

function meetsProfile({ profiles }: Discriminator, value: JsonValue, { check, checkItem }: Context): boolean {
  if (!isObject(value)) return false
  return profiles.some((url) => {
    const plan = check.profileOf(url)
    if (!plan) return url.endsWith(`/${shownType(value)}`)
    return (
      plan.type === shownType(value) &&
      check.trial(() => checkItem(plan.root, { value, extra: undefined, type: plan.type, index: -1 }, check))
    )
  })
}

/** Of a resource its type, of a reference that of its target. */
export function shownType(value: JsonValue): string {
  if (!isObject(value)) return typeof value === 'boolean' ? 'boolean' : 'string'
  const { resourceType, reference } = value
  if (typeof resourceType === 'string') return resourceType
  return (typeof reference === 'string' ? referencedType(reference) : undefined) ?? ''
}

/** Most discriminators lead to a fixed code or system, and nothing else. */
function isFixedOnly(
  { rules, children, slicing }: ElementPlan,
  { pattern, allowed, profiles }: Limits,
): boolean {
  if (rules.length > 0 || children.length > 0 || slicing) return false
  return pattern === undefined && allowed === undefined && profiles === undefined
}
