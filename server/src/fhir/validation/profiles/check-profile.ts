import type { JsonObject } from '../../../kernel/json.ts'
import type { Check } from '../check.ts'
import { isObject } from '../collections.ts'
import { checkReference } from '../references.ts'
import { isTarget } from '../syntax.hot.ts'
import { itemsByChild, NO_ITEMS, typeOf, type Item } from './items.ts'
import { checkCount, checkLimits } from './limits.ts'
import type { ElementPlan, Limits, ProfilePlan } from './plan.ts'
import { checkSlices } from './slices.ts'
import { checkTargetProfiles } from './target-profiles.ts'

/** Checks what a profile adds to R4. The resource has passed R4's own check without faults of structure. */
export function checkProfile(plan: ProfilePlan, value: JsonObject, check: Check): void {
  const { profile } = check
  check.profile = plan.url
  checkItem(plan.root, { value, extra: undefined, type: plan.type, index: -1 }, check)
  check.profile = profile
}

/** Checks one value, where the check stands. */
function checkItem(plan: ElementPlan, item: Item, check: Check): void {
  if (plan.limits) {
    checkType(plan.limits, item, check)
    checkLimits(plan.limits, item.value, check)
  }
  if (plan.rules.length > 0) checkRules(plan, item, check)
  if (plan.children.length === 0) return
  const { value, extra } = item
  // Of a primitive value what stands beside it.
  if (isObject(value)) checkChildren(plan, value, check)
  else checkChildren(plan, isObject(extra) ? extra : NOTHING, check)
}

const NOTHING: JsonObject = {}

function checkChildren(plan: ElementPlan, parent: JsonObject, check: Check): void {
  const found = itemsByChild(plan, parent)
  const { children } = plan
  for (let at = 0; at < children.length; at++) {
    const child = children[at]
    if (child) checkElement(child, found[at] ?? NO_ITEMS, check)
  }
}

function checkRules({ rules, variants }: ElementPlan, { value, type }: Item, check: Check): void {
  for (const rule of rules) {
    if (rule.type !== type && variants.length > 1) continue
    if (rule.test(value, check.resource, check.root)) continue
    if (rule.severity === 'error') check.fault('invariant', rule.text)
    else check.advise('invariant', rule.text)
  }
}

function checkElement(plan: ElementPlan, items: readonly Item[], check: Check): void {
  checkCount(plan, items.length, check)
  for (const item of items) {
    check.step(plan.name, item.index)
    checkItem(plan, item, check)
    check.leave()
  }
  if (plan.slicing) checkSlices(plan, plan.slicing, { items, check, checkItem })
}

function checkType({ types, targets, targetProfiles, profiles }: Limits, item: Item, check: Check): void {
  const type = typeOf(item)
  if (types && !types.includes(type)) {
    check.fault('structure', `The profile allows ${types.join(', ')} here, not ${type}.`)
    return
  }
  if (targets && isObject(item.value)) checkTargets(item.value, targets, check)
  if (targetProfiles && isObject(item.value))
    checkTargetProfiles(item.value, targetProfiles, { check, checkProfile })
  if (profiles && isObject(item.value)) checkAnyProfile(profiles, item.value, check)
}

function checkTargets(value: JsonObject, targets: ReadonlySet<string>, check: Check): void {
  if (value['type'] !== undefined || !isTarget(value['reference'], targets))
    checkReference(value, targets, check)
}

/** With one profile its own issues tell most. */
function checkAnyProfile(urls: readonly string[], value: JsonObject, check: Check): void {
  const plans = urls.flatMap((url) => check.profileOf(url) ?? [])
  // What an unknown one of several allows, nobody can say.
  if (plans.length < urls.length && urls.length > 1) return
  const [only, ...others] = plans
  // Known extensions are checked against their own definition wherever they stand.
  if (!only || (only.type === 'Extension' && check.extensionRule(only.url))) return
  if (others.length === 0) checkProfile(only, value, check)
  else if (!plans.some((plan) => check.trial(() => checkProfile(plan, value, check))))
    check.fault('structure', `This must meet one of the profiles ${urls.join(', ')}.`)
}
