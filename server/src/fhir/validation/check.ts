import type { Issue, IssueType } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { isObject } from './collections.ts'
import type { Format } from './primitives.ts'
import { referenceProblem } from './reference-syntax.ts'

/** Checks one object and everything below; compiled. */
export type ObjectCheck = (object: JsonObject, check: Check) => void

export interface CheckOptions {
  readonly type: string
  readonly most: number
  readonly resource: JsonObject
  /** The compiled check of a resource type; `undefined` for what is no type of R4. */
  readonly checkOf: (type: string) => ObjectCheck | undefined
}

/** One run of a compiled validator: where it stands in the resource and what it has found. The generated code calls its methods. */
export class Check {
  readonly issues: Issue[] = []
  /** FHIRPath's %resource and %rootResource. */
  resource: JsonObject
  root: JsonObject
  /** Issues so far that are no invariants: where there are some, invariants are not evaluated. */
  malformed = 0
  private readonly options: CheckOptions
  private readonly names: string[] = []
  private readonly indexes: number[] = []
  private depth = 0
  private inContained = false

  constructor(options: CheckOptions) {
    this.options = options
    this.resource = options.resource
    this.root = options.resource
    this.names.push(options.type)
    this.indexes.push(-1)
  }

  /** One element with elements of its own. */
  one(name: string, value: JsonValue | undefined, check: ObjectCheck): void {
    this.down(name, -1)
    if (Array.isArray(value))
      this.add('structure', 'This element does not repeat: give one object instead of an array.')
    else this.object(value, check)
    this.depth--
  }

  many(name: string, value: JsonValue | undefined, check: ObjectCheck): void {
    const items = this.list(name, value)
    for (let i = 0; i < items.length; i++) {
      this.down(name, i)
      this.object(items[i], check)
      this.depth--
    }
  }

  primitive(name: string, value: JsonValue | undefined, format: Format): void {
    const problem = format(value)
    if (problem === undefined) return
    this.down(name, -1)
    this.add(...asIssue(value, problem))
    this.depth--
  }

  /** @param extras the value of `_name`: it must speak for each item that is null. */
  primitives(
    value: JsonValue | undefined,
    format: Format,
    place: { name: string; extras: JsonValue | undefined },
  ): void {
    const { name, extras } = place
    const beside = Array.isArray(extras) ? (extras as readonly JsonValue[]) : []
    const items = this.list(name, value)
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      const problem = item === null && isObject(beside[i]) ? undefined : format(item)
      if (problem !== undefined) {
        this.down(name, i)
        this.add(...asIssue(item, problem))
        this.depth--
      }
    }
  }

  /** `_name` of an element that does not repeat. */
  extra(name: string, value: JsonValue | undefined, check: ObjectCheck): void {
    this.one(name, value, check)
  }

  /** `_name` of one that does: as long as its values, null where there is nothing to say. */
  extras(
    value: JsonValue | undefined,
    check: ObjectCheck,
    place: { name: string; values: JsonValue | undefined },
  ): void {
    const { name, values } = place
    const items = this.list(name, value)
    if (Array.isArray(values) && values.length !== items.length)
      this.addAt(
        name,
        'structure',
        `"_${name}" must have as many items as "${name}", null where there is nothing to say.`,
      )
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      if (item !== null) {
        this.down(name, i)
        this.object(item, check)
        this.depth--
      } else if (!Array.isArray(values)) {
        this.addAt(name, 'structure', `"_${name}" may have null only beside a value in "${name}".`)
      }
    }
  }

  /** Resources in an element that does not repeat: an entry of a Bundle, a parameter. */
  entry(name: string, value: JsonValue | undefined): void {
    const { resource, root } = this
    this.one(name, value, (object) => {
      this.resource = object
      this.root = object
      this.nested(object)
    })
    this.resource = resource
    this.root = root
  }

  contained(name: string, value: JsonValue | undefined): void {
    const { resource, inContained } = this
    this.inContained = true
    this.many(name, value, (object) => {
      this.resource = object
      this.nested(object)
    })
    this.resource = resource
    this.inContained = inContained
  }

  /** The values of a Reference may be a Reference to one of these types only; empty: to any. */
  targets(name: string, value: JsonValue | undefined, targets: readonly string[]): void {
    const items: readonly JsonValue[] = Array.isArray(value)
      ? (value as readonly JsonValue[])
      : [value ?? null]
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      const text = isObject(item) ? item['reference'] : undefined
      const problem = typeof text === 'string' ? this.referenceProblem(text, targets) : undefined
      if (problem !== undefined) {
        this.down(name, Array.isArray(value) ? i : -1)
        this.addAt('reference', 'value', problem)
        this.depth--
      }
    }
  }

  missing(name: string): void {
    this.addAt(name, 'required', 'This element is required: add it.')
  }

  unknown(name: string): void {
    this.addAt(name, 'structure', `R4 has no element "${name}" here: remove it or mend its name.`)
  }

  several(name: string, a: string, b: string): void {
    this.addAt(name, 'structure', `"${a}" and "${b}" are variants of one element: keep one of them.`)
  }

  /** An invariant does not hold: here, or for one element (with its index when it repeats). */
  broken(rule: string, name?: string, index = -1): void {
    if (name !== undefined) this.down(name, index)
    this.add('invariant', rule)
    if (name !== undefined) this.depth--
  }

  addAt(name: string, code: IssueType, text: string): void {
    this.down(name, -1)
    this.add(code, text)
    this.depth--
  }

  private add(code: IssueType, text: string): void {
    if (code !== 'invariant') this.malformed++
    if (this.issues.length >= this.options.most) return
    this.issues.push({ severity: 'error', code, at: this.path(), text })
  }

  private object(value: JsonValue | undefined, check: ObjectCheck): void {
    if (!isObject(value)) this.add('structure', `This element must be an object, not ${kindOf(value)}.`)
    else if (isEmpty(value))
      this.add('structure', 'An element must have a value or children (ele-1): leave it out or fill it.')
    else if (this.depth > limits.fhir.nesting)
      this.add(
        'too-long',
        `Elements may be nested ${limits.fhir.nesting} deep at most: flatten the resource.`,
      )
    else if (this.issues.length < this.options.most) check(value, this)
  }

  private nested(resource: JsonObject): void {
    const type = resource['resourceType']
    const check = typeof type === 'string' ? this.options.checkOf(type) : undefined
    if (check) check(resource, this)
    else this.addAt('resourceType', 'structure', 'This must be the name of an R4 resource type.')
  }

  private referenceProblem(text: string, targets: readonly string[]): string | undefined {
    if (text === '#' && !this.inContained)
      return '"#" refers to the container: it stands in contained resources only.'
    // Whether the contained resource is there is ref-1.
    if (text.startsWith('#')) return undefined
    return referenceProblem(text, { targets, isType: (type) => this.options.checkOf(type) !== undefined })
  }

  private list(name: string, value: JsonValue | undefined): readonly JsonValue[] {
    if (!Array.isArray(value)) {
      this.addAt(
        name,
        'structure',
        'This element repeats: put it into an array, even when there is only one.',
      )
      return []
    }
    if (value.length === 0)
      this.addAt(name, 'structure', 'An array must not be empty: leave the element out.')
    return value as readonly JsonValue[]
  }

  private down(name: string, index: number): void {
    this.depth++
    this.names[this.depth] = name
    this.indexes[this.depth] = index
  }

  private path(): string {
    let text = this.names[0] ?? ''
    for (let i = 1; i <= this.depth; i++) {
      const index = this.indexes[i] ?? -1
      text += index < 0 ? `.${this.names[i]}` : `.${this.names[i]}[${index}]`
    }
    return text
  }
}

function asIssue(value: JsonValue | undefined, problem: string): [IssueType, string] {
  return [value === null || typeof value === 'object' ? 'structure' : 'value', problem]
}

/** Without anything but an id (ele-1). */
function isEmpty(object: JsonObject): boolean {
  for (const name in object) if (name !== 'id') return false
  return true
}

function kindOf(value: JsonValue | undefined): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
