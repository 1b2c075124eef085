import type { Caller } from '../../../auth/caller.ts'
import type { Issue } from '../../../kernel/fault.ts'
import { Fault } from '../../../kernel/fault.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import { DefinitionError } from '../../generate/definition-error.ts'
import type { ProfileDefinition } from '../../generate/profiles/definitions.ts'
import type { ProfileNode } from '../../generate/profiles/tree.ts'
import { findCanonical } from '../../search/code-system.ts'
import type { SearchDeps } from '../../search/scope.ts'
import { listValueSet } from '../../search/value-set.ts'
import type { AllowedCodes } from '../../validation/bindings.ts'
import { codesOf } from '../../validation/bindings.ts'
import type { ProfilePlan } from '../../validation/profiles/plan.ts'
import { createWalk } from '../walk.ts'
import { postedPlan, postedTree } from './posted-plan.ts'
import type { PostedSource } from './posted-plan.ts'
import { bare, BASE, unversioned, usable, withoutR4 } from './profile-definition.ts'
import { tableModel } from './table-model.ts'

export interface PostedProfiles {
  /** By url, and by what was asked for where that has a version. */
  readonly plans: ReadonlyMap<string, ProfilePlan>
  /** What of them was not checked, and why: asked for when the check is over. */
  readonly notes: () => readonly Issue[]
}

interface Asker {
  readonly caller: Caller
}

/** The profiles that are stored as StructureDefinitions and not compiled, with all that they are made of, as far as the caller may read them. */
export async function postedProfiles(
  deps: SearchDeps,
  caller: Caller,
  urls: readonly string[],
): Promise<PostedProfiles> {
  const wanted = urls.filter((url) => !isOwn(deps, url))
  if (wanted.length === 0) return { plans: new Map(), notes: () => [] }
  const scope = { caller }
  const notes: Issue[] = []
  const profiles = await definitionsOf(deps, scope, { wanted, notes })
  const table = deps.definitions.elements()
  const base = {
    profiles,
    table,
    model: tableModel(table),
    types: new Set(deps.definitions.types),
    isCompiled: (url: string) => deps.definitions.profiles.includes(url),
    walk: createWalk(limits.fhir.ruleSteps),
    unchecked: new Set<string>(),
    skipped: new Set<string>(),
  }
  const trees = [...profiles.values()].flatMap((profile) =>
    attempt(profile, notes, () => postedTree(profile, { ...base, allowed: new Map() })),
  )
  const source: PostedSource = { ...base, allowed: await allowedCodes(deps, scope, { trees, notes }) }
  const plans = [...profiles.values()].flatMap((profile) =>
    attempt(profile, notes, () => [profile.url, postedPlan(profile, source)] as const),
  )
  const byUrl = new Map(plans)
  const named = wanted.flatMap((url) => {
    const plan = byUrl.get(bare(url))
    if (plan && isEdition(profiles.get(plan.url), url)) return [[url, plan] as const]
    if (plan) notes.push(note(`${url} is not checked beside the other version of it that is asked for`))
    return []
  })
  return {
    plans: new Map([...byUrl, ...named]),
    notes: () => distinct([...notes, ...ruleNotes(base.unchecked), ...skippedNotes(base.skipped)]),
  }
}

/** Compiled ones, and R4's own definitions of types. */
function isOwn({ definitions }: SearchDeps, url: string): boolean {
  return (
    definitions.holdsProfile(url) ||
    (url.startsWith(BASE) && definitions.types.includes(bare(url).slice(BASE.length)))
  )
}

function isEdition(profile: ProfileDefinition | undefined, canonical: string): boolean {
  return bare(canonical) === canonical || profile?.version === canonical.slice(bare(canonical).length + 1)
}

/** Walks from the wanted ones to their bases and the profiles of their elements. */
async function definitionsOf(
  deps: SearchDeps,
  scope: Asker,
  { wanted, notes }: { readonly wanted: readonly string[]; readonly notes: Issue[] },
): Promise<ReadonlyMap<string, ProfileDefinition>> {
  const found = new Map<string, ProfileDefinition>()
  const asked = new Set<string>()
  const waiting = [...wanted]
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    if (found.has(bare(url)) || asked.has(url)) continue
    asked.add(url)
    const resource = await storedProfile(deps, scope, { url, number: asked.size })
    const profile = resource && usable(resource)
    // Of one that is asked for, and of a base, somebody else says that it is missing; R4's own extensions are checked wherever they stand.
    if (resource && !profile) notes.push(note(`The profile ${url} cannot be used: ${whyNot(resource)}`))
    else if (!profile && !wanted.includes(url) && !isBase(url, found) && !url.startsWith(BASE))
      notes.push(note(`The profile ${url} is not stored here: what must meet it is not checked against it`))
    if (!profile) continue
    found.set(bare(url), unversioned(profile))
    waiting.push(...referred(profile).filter((each) => !isOwn(deps, bare(each))))
  }
  return settled(deps, found)
}

/** Nothing behind so many. */
async function storedProfile(
  deps: SearchDeps,
  scope: Asker,
  { url, number }: { readonly url: string; readonly number: number },
): Promise<JsonObject | undefined> {
  if (number > limits.fhir.postedProfiles) return undefined
  return findCanonical(deps, scope, { type: 'StructureDefinition', canonical: url })
}

function whyNot({ derivation }: JsonObject): string {
  if (derivation === 'constraint') return 'its elements are nested too deep'
  return 'it is no constraint of a type of R4, but defines a type'
}

function referred({ baseDefinition, differential, snapshot }: ProfileDefinition): readonly string[] {
  const elements = differential?.element ?? snapshot?.element ?? []
  const profiles = elements.flatMap(({ type = [] }) =>
    type.flatMap(({ profile = [], targetProfile = [] }) => [...profile, ...targetProfile]),
  )
  return baseDefinition === undefined ? profiles : [baseDefinition, ...profiles]
}

function isBase(url: string, found: ReadonlyMap<string, ProfileDefinition>): boolean {
  return [...found.values()].some(({ baseDefinition }) => baseDefinition === bare(url))
}

/** Each stands on R4's own type or on another posted one: a compiled base is checked beside it, one that is missing needs the snapshot. */
function settled(
  deps: SearchDeps,
  found: ReadonlyMap<string, ProfileDefinition>,
): ReadonlyMap<string, ProfileDefinition> {
  const result = new Map<string, ProfileDefinition>()
  for (const [url, profile] of found) {
    const base = profile.baseDefinition ?? ''
    const onType = { ...profile, baseDefinition: BASE + profile.type }
    if (base === onType.baseDefinition || (found.has(base) && !isCircular(url, found)))
      result.set(url, profile)
    else if (deps.definitions.profiles.includes(base)) result.set(url, { ...onType, compiledBase: base })
    else if (profile.snapshot) result.set(url, { ...onType, differential: withoutR4(profile.snapshot) })
    else result.set(url, { ...profile, baseDefinition: found.has(base) ? '(a circle of profiles)' : base })
  }
  return result
}

function isCircular(url: string, found: ReadonlyMap<string, ProfileDefinition>): boolean {
  const seen = new Set<string>()
  for (let at: string | undefined = url; at !== undefined; at = found.get(at)?.baseDefinition) {
    if (seen.has(at)) return true
    seen.add(at)
  }
  return false
}

/** @returns nothing for what cannot be used: then it is as if the hub did not hold it */
function attempt<Result>(profile: ProfileDefinition, notes: Issue[], make: () => Result): readonly Result[] {
  try {
    return [make()]
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    notes.push(note(`The profile ${profile.url} cannot be used: ${error.message.slice(0, 300)}`))
    return []
  }
}

function note(text: string): Issue {
  return { severity: 'warning', code: 'not-supported', text: text.slice(0, 600) }
}

function ruleNotes(keys: ReadonlySet<string>): readonly Issue[] {
  return keys.size === 0 ? [] : [note(`These rules of the profile are not checked: ${[...keys].join(', ')}`)]
}

function skippedNotes(places: ReadonlySet<string>): readonly Issue[] {
  return places.size === 0 ? [] : [note(`Of the profile is not checked: ${[...places].join('; ')}`)]
}

/** The codes of all value sets with a required binding: of those that are stored, else of R4's own, of which some are known by their syntax. */
async function allowedCodes(
  deps: SearchDeps,
  scope: Asker,
  { trees, notes }: { readonly trees: readonly ProfileNode[]; readonly notes: Issue[] },
): Promise<ReadonlyMap<string, AllowedCodes>> {
  const allowed = new Map<string, AllowedCodes>()
  for (const url of new Set(trees.flatMap(bindingsOf))) {
    try {
      const isStored = await findCanonical(deps, scope, { type: 'ValueSet', canonical: url })
      const own = isStored ? undefined : deps.definitions.valueSetOf(url)
      allowed.set(url, own ?? codesIn(url, await listValueSet(deps, scope, url)))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      notes.push(note(`Codes are not checked against ${url}: ${error.message}`))
    }
  }
  return allowed
}

function bindingsOf({ binding, children, slices }: ProfileNode): readonly string[] {
  const below = [...children.values(), ...slices.values()].flatMap(bindingsOf)
  return binding === undefined ? below : [binding, ...below]
}

/** A member without code is a whole system, of which any code will do. */
function codesIn(
  url: string,
  members: readonly { readonly system: string; readonly code: string }[],
): AllowedCodes {
  const whole = new Set(members.flatMap(({ system, code }) => (code === '' ? system : [])))
  const bySystem = Map.groupBy(members, ({ system }) => system)
  const listed = codesOf(
    url,
    Object.fromEntries([...bySystem].map(([system, list]) => [system, list.map(({ code }) => code)])),
  )
  if (whole.size === 0) return listed
  return {
    url,
    has: (code, system) => (system !== undefined && whole.has(system)) || listed.has(code, system),
    codes: { has: () => true },
  }
}

function distinct(notes: readonly Issue[]): readonly Issue[] {
  return [...new Map(notes.map((each) => [each.text, each])).values()]
}
