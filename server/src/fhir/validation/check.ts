import type { Issue, IssueType } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { AllowedCodes } from './bindings.ts'
import { textCheck, type CheckOptions, type Known, type ObjectCheck } from './check-options.ts'
import { isObject } from './collections.ts'
import { checkContainedId } from './contained.ts'
import { isSample, namesOfElement, propertiesAt } from './element-names.ts'
import { hasCodeOfLaterVersion } from './extensions.ts'
import type { ExtensionRule } from './extensions.ts'
import { kindOf, notInSet } from './problems.ts'
import { checkClaims } from './profiles/claims.ts'
import type { ProfilePlan } from './profiles/plan.ts'
import { targetsIn, type Targets } from './profiles/targets.ts'
import { adviseOnVitalSign } from './profiles/vital-signs.ts'
import { nameAdvice } from './similar-names.ts'
import { Trail } from './trail.ts'

const TOO_DEEP = `Elements may be nested ${limits.fhir.nesting} deep at most: flatten the resource.`

/** One run of a compiled validator: where it stands in the resource and what it has found. The generated code calls its methods. */
export class Check {
  private readonly errors: Issue[] = []
  private readonly advice: Issue[] = []
  readonly types: ReadonlySet<string>
  readonly warnings: boolean
  /** The quick check of strings. */
  readonly isText: (value: JsonValue | undefined) => boolean
  /** FHIRPath's %resource and %rootResource. */
  resource: JsonObject
  root: JsonObject
  /** Whether references by search must have been resolved: in what is stored, but not in the entries of a stored Bundle. */
  isResolved: boolean
  /** Properties that are integers, which the text may write otherwise than it must. */
  integers: Set<string> | undefined
  /** How deep in the trail the resource begins. */
  private start = 0
  /** Faults of structure so far: where there are some, invariants are not evaluated. */
  malformed = 0
  /** The profile that is checked now. */
  profile: string | undefined
  private faults = 0
  private isAdvising = false
  /** Everything in the root resource that refers to a contained resource (`#id`), once somebody has looked at it. */
  readonly fragments: string[] = []
  inContained = false
  /** Ids of elements of the resource so far. */
  ids: Set<JsonValue | undefined> | undefined
  readonly known: Known
  readonly targets: Targets
  private readonly most: number
  private readonly trail: Trail

  constructor(options: CheckOptions, known: Known) {
    this.known = known
    this.types = known.types
    this.most = options.most
    this.warnings = options.warnings
    this.isText = textCheck(options)
    this.resource = options.resource
    this.root = options.resource
    this.targets = targetsIn(options.resource)
    this.isResolved = options.stored
    this.trail = new Trail(options.type)
  }

  /** Errors first: however much there is to advise, no error is left out for it. */
  get issues(): readonly Issue[] {
    return this.advice.length === 0 ? this.errors : [...this.errors, ...this.advice].slice(0, this.most)
  }

  /** Steps down into an element with elements of its own that does not repeat. `leave` goes back, unless this was false. */
  enter(name: string, value: JsonValue | undefined): boolean {
    this.trail.down(name, -1)
    if (this.canEnter(value)) return true
    if (Array.isArray(value))
      this.fault('structure', 'This element does not repeat: give one object instead of an array.')
    else this.notAnObject(value)
    this.trail.up()
    return false
  }

  /** The same for one item of an element that repeats. */
  item(name: string, index: number, value: JsonValue | undefined): boolean {
    this.trail.down(name, index)
    if (this.canEnter(value)) return true
    this.notAnObject(value)
    this.trail.up()
    return false
  }

  /** Steps to an item that is known to be right. */
  step(name: string, index: number): void {
    this.trail.down(name, index)
  }

  leave(): void {
    this.trail.up()
  }

  /** Whether work finds no errors; what it finds is forgotten. */
  trial(work: () => void): boolean {
    const { faults, malformed } = this
    const before = this.errors.length
    const advised = this.advice.length
    work()
    const isClean = this.faults === faults
    this.errors.length = before
    this.advice.length = advised
    this.faults = faults
    this.malformed = malformed
    return isClean
  }

  /** What work finds wrong is advice, no error. */
  advised(work: () => void): void {
    const { faults, malformed, isAdvising } = this
    this.isAdvising = true
    work()
    this.isAdvising = isAdvising
    this.faults = faults
    this.malformed = malformed
  }

  /** The plan of a profile that the hub holds. @param url canonical, with or without version */
  profileOf(url: string): ProfilePlan | undefined {
    return this.known.profileOf(url)
  }

  extensionRule(url: string): ExtensionRule | undefined {
    return this.known.extensionOf(url)
  }

  /** What the definition of an extension says of its parts and values. */
  extensionPlan(url: string, { plan }: ExtensionRule): ProfilePlan | undefined {
    return plan === undefined ? this.known.profileOf(url) : this.known.profileIn(plan)
  }

  /** Whether the extension where the check stands is one of an element with this name: a type or a path. */
  isWithin(context: string): boolean {
    const { resourceType: type } = this.resource
    const path = this.below().slice(0, -1)
    if (typeof type !== 'string' || [type, ...path].join('.') === context) return true
    return isSample(type, path) || namesOfElement(this.known.elements(), type, path).has(context)
  }

  /** The names from the resource down to where the check stands. */
  private below(): readonly string[] {
    return this.trail.below(this.start)
  }

  /** How many items an element that repeats has; 0 with an issue when it is no array. */
  count(name: string, value: JsonValue | undefined): number {
    if (!Array.isArray(value)) {
      this.addAt(
        name,
        'structure',
        'This element repeats: put it into an array, even when there is only one.',
      )
      return 0
    }
    if (value.length === 0)
      this.addAt(name, 'structure', 'An array must not be empty: leave the element out.')
    return value.length
  }

  /** The coded element where the check stands has no code of its required value set. */
  notInSet(allowed: AllowedCodes): void {
    this.fault('code-invalid', notInSet(allowed))
  }

  /** A coded element has codings, but none of the outermost value set that a weaker binding names. */
  outsideSet({ url }: AllowedCodes): void {
    this.advise('code-invalid', `Codes should come from the value set ${url}: add one that does.`)
  }

  /** The element of type code where the check stands has only `_name`. */
  codeMissing({ url }: AllowedCodes, extra: JsonValue | undefined): void {
    if (!hasCodeOfLaterVersion(extra))
      this.fault('code-invalid', `Give a code of the value set ${url}: an extension does not stand for it.`)
  }

  /** A resource in an element that does not repeat: an entry of a Bundle, a parameter. */
  entry(name: string, value: JsonValue | undefined): void {
    if (!this.enter(name, value)) return
    const { resource, root, ids, start, isResolved } = this
    this.isResolved = false
    const fragments = this.fragments.splice(0)
    this.ids = undefined
    this.start = this.trail.depth
    this.resource = value as JsonObject
    this.root = this.resource
    this.nested(this.resource)
    Object.assign(this, { resource, root, ids, start, isResolved })
    this.fragments.splice(0, Infinity, ...fragments)
    this.trail.up()
  }

  contained(name: string, value: JsonValue | undefined): void {
    const { resource, inContained, ids, start } = this
    this.inContained = true
    const known = new Set<JsonValue | undefined>()
    for (let i = 0, count = this.count(name, value); i < count; i++) {
      const item = (value as readonly JsonValue[])[i]
      if (!this.item(name, i, item)) continue
      this.resource = item as JsonObject
      this.start = this.trail.depth
      this.ids = undefined
      this.nested(this.resource)
      checkContainedId(this.resource, known, this)
      this.trail.up()
    }
    this.resource = resource
    this.start = start
    this.ids = ids
    this.inContained = inContained
  }

  missing(name: string): void {
    this.addAt(name, 'required', 'This element is required: add it.')
  }

  empty(): void {
    this.fault('structure', 'An element must have a value or children (ele-1): leave it out or fill it.')
  }

  unknown(name: string): void {
    const { resourceType: type } = this.resource
    const isTold = this.errors.length < this.most
    const known =
      isTold && typeof type === 'string' ? propertiesAt(this.known.elements(), type, this.below()) : []
    this.addAt(name, 'structure', `R4 has no element "${name}" here: ${nameAdvice(name, known)}`)
  }

  several(name: string, a: string, b: string): void {
    this.addAt(name, 'structure', `"${a}" and "${b}" are variants of one element: keep one of them.`)
  }

  /** An invariant does not hold: here, or for one element (with its index when it repeats). */
  broken(rule: string, name?: string, index = -1): void {
    if (name !== undefined) this.trail.down(name, index)
    this.fault('invariant', rule)
    if (name !== undefined) this.trail.up()
  }

  /** A rule of best practice does not hold. */
  advise(code: IssueType, text: string): void {
    if (this.warnings) this.warn(code, text)
  }

  /** What the author of a resource should know, although it is valid. */
  warn(code: IssueType, text: string): void {
    this.push({ severity: 'warning', code, at: this.trail.path(), text })
  }

  addAt(name: string, code: IssueType, text: string): void {
    this.trail.down(name, -1)
    this.fault(code, text)
    this.trail.up()
  }

  fault(code: IssueType, text: string): void {
    this.faults++
    if (code === 'structure' || code === 'too-long') this.malformed++
    this.push({ severity: 'error', code, at: this.trail.path(), text })
  }

  private push(found: Issue): void {
    const issue: Issue = this.isAdvising ? { ...found, severity: 'warning' } : found
    const list = issue.severity === 'warning' ? this.advice : this.errors
    if (list.length >= this.most) return
    list.push(this.profile === undefined ? issue : { ...issue, profile: this.profile })
  }

  private canEnter(value: JsonValue | undefined): boolean {
    return isObject(value) && this.trail.depth <= limits.fhir.nesting && this.errors.length < this.most
  }

  private notAnObject(value: JsonValue | undefined): void {
    if (!isObject(value)) this.fault('structure', `This element must be an object, not ${kindOf(value)}.`)
    else if (this.trail.depth > limits.fhir.nesting) this.fault('too-long', TOO_DEEP)
  }

  private nested(resource: JsonObject): void {
    const type = resource['resourceType']
    const check = typeof type === 'string' ? this.known.checkOf(type) : undefined
    if (check) this.whole(resource, check)
    else this.addAt('resourceType', 'structure', 'This must be the name of an R4 resource type.')
  }

  /** A resource and the profiles that it names. */
  whole(resource: JsonObject, check: ObjectCheck): void {
    const { malformed } = this
    check(resource, this)
    if (this.malformed !== malformed) return
    if (resource['meta'] !== undefined) checkClaims(resource, this)
    if (this.warnings && resource['resourceType'] === 'Observation') adviseOnVitalSign(resource, this)
  }
}
