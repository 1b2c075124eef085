import type { Issue } from '../../../kernel/fault.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Check } from '../check.ts'
import { containedIn } from '../references.ts'
import type { ProfilePlan } from './plan.ts'

const BASE = 'http://hl7.org/fhir/StructureDefinition/'

interface Context {
  readonly check: Check
  readonly checkProfile: (plan: ProfilePlan, value: JsonObject, check: Check) => void
}

interface Target {
  readonly resource: JsonObject
  readonly isContained: boolean
}

/** What a Reference leads to, where the check stands, meets one of the profiles. What cannot be looked at is advice. */
export function checkTargetProfiles(value: JsonObject, urls: readonly string[], context: Context): void {
  const { check } = context
  const { reference } = value
  // Whether there must be a literal reference is said elsewhere.
  if (typeof reference !== 'string') return
  const target = targetOf(reference, check)
  if (!target) {
    if (!check.fragments.includes(reference))
      check.advise(
        'not-found',
        `What this refers to is not here: it was not checked against ${urls.join(', ')}.`,
      )
    return
  }
  const { resourceType: type } = target.resource
  if (typeof type !== 'string' || urls.includes(BASE + type) || urls.includes(`${BASE}Resource`)) return
  const plans = urls.map((url) => check.profileOf(url))
  const own = plans.filter((plan) => plan !== undefined).filter((plan) => plan.type === type)
  if (own.some((plan) => meets(plan, target, context))) return
  // What an unknown one of them allows, nobody can say; that the type is wrong is said already.
  if (plans.includes(undefined) || own.length === 0) return
  const why = own.length === 1 ? own.map((plan) => firstFault(plan, target, context)).join('') : ''
  check.fault('structure', `What this refers to must meet ${names(own)}${why}`)
}

function names(plans: readonly ProfilePlan[]): string {
  const urls = plans.map(({ url }) => url).join(', ')
  return plans.length === 1 ? `the profile ${urls}` : `one of the profiles ${urls}.`
}

function targetOf(reference: string, check: Check): Target | undefined {
  if (!reference.startsWith('#')) {
    const resource = check.targets.entryOf(reference) ?? check.known.targetOf?.(reference)
    return resource && { resource, isContained: false }
  }
  const resource = reference === '#' ? check.root : containedIn(check.root, reference.slice(1))
  return resource && { resource, isContained: reference !== '#' }
}

function meets(plan: ProfilePlan, target: Target, { check, checkProfile }: Context): boolean {
  return check.targets.meets(target.resource, plan.url, () =>
    within(target, check, () => check.trial(() => checkProfile(plan, target.resource, check))),
  )
}

/** `: birthDate: The profile requires …` */
function firstFault(plan: ProfilePlan, target: Target, { check, checkProfile }: Context): string {
  const faults = (): readonly Issue[] => check.issues.filter(({ severity }) => severity === 'error')
  const before = faults().length
  let first: Issue | undefined
  within(target, check, () =>
    check.trial(() => {
      checkProfile(plan, target.resource, check)
      first = faults()[before]
    }),
  )
  return first ? `: ${first.at?.split('.').at(-1) ?? ''}: ${first.text}` : '.'
}

/** Work in the place of the target. */
function within<Result>({ resource, isContained }: Target, check: Check, work: () => Result): Result {
  const { resource: before, root, inContained } = check
  const fragments = check.fragments.length
  check.resource = resource
  check.inContained = isContained
  if (!isContained) check.root = resource
  const result = work()
  Object.assign(check, { resource: before, root, inContained })
  check.fragments.length = fragments
  return result
}
