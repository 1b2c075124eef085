import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { NameKey, RangeKey, SearchKeys } from '../../store/keys.ts'
import { boundedKey, boundedText } from './bounded.ts'
import { containedKey, containedMarker, isNarrowing } from './contained-keys.ts'
import type { ExtractContext } from './extract-context.ts'
import { foldText } from './folding.ts'
import { readReference, type LiteralReference } from './references.ts'
import { tokenForm } from './tokens.ts'
import type { ZoneOffset } from './zone.ts'

export interface CollectorOptions {
  /** The parameter whose earliest value is the type's main clinical date. */
  readonly mainDate?: string
  /** What dates without offset are meant in. */
  readonly zone: ZoneOffset
  readonly context: ExtractContext
}

const FEW = 32
/** Ends the part of a name: a character that no folded text has. */
export const PART = '\u00AD'

/** Where the compiled extractors put what they find, one parameter after the other; `finish` gives the keys. */
export class KeyCollector {
  readonly zone: ZoneOffset
  private readonly base: string
  private readonly k: string[] = []
  private readonly r: RangeKey[] = []
  private readonly n: NameKey[] = []
  private readonly s: Record<string, string> = {}
  private readonly inner = new Set<string>()
  private readonly patients = new Set<string>()
  /** Token forms of `code` and `category`, for the pair keys. */
  private readonly paired: { readonly param: string; readonly form: string }[] = []
  private readonly options: CollectorOptions
  private param = ''
  private from = 0
  private known: Set<string> | undefined
  private present = false
  private date: number | undefined
  private lastReference = ''
  private lastRead: LiteralReference = { text: '' }

  constructor(options: CollectorOptions) {
    this.options = options
    this.base = options.context.base
    this.zone = options.zone
  }

  /** All that follows belongs to this parameter. */
  begin(param: string): void {
    this.param = param
    this.from = this.k.length
    this.known = undefined
    this.present = false
  }

  /** Notes that the parameter has a value, for `:missing`. */
  mark(): void {
    if (this.present) return
    this.present = true
    this.k.push(`${this.param}:missing=false`)
  }

  /** An equality key of the parameter: `status=final`, `identifier:of-type=…` with a modifier. */
  key(value: string, modifier = ''): void {
    this.mark()
    const key = boundedKey(`${this.param}${modifier}=${value}`)
    if (!this.isKnown(key)) this.k.push(key)
  }

  /** The four forms of a token, and those of its reference form when `modifier` is `:identifier`. */
  token(code: string | undefined, system: string | undefined, modifier = ''): void {
    const folded = code === undefined ? undefined : tokenForm(code)
    if (folded !== undefined) this.form(folded, modifier)
    if (system !== undefined) {
      this.form(`${system}|`, modifier)
      if (code !== undefined) this.form(tokenForm(code, system), modifier)
    } else if (folded !== undefined) {
      this.form(`|${folded}`, modifier)
    }
    if (folded !== undefined && modifier === '') this.sort(folded)
  }

  /** A literal reference; one to a contained resource is a key as it is, for chains that go through it. */
  reference(text: string): void {
    this.mark()
    if (text.startsWith('#')) {
      if (text.length > 1) this.key(text)
      return
    }
    const { type, id, version, text: uri } = this.read(text)
    // With its version, which an include gives.
    this.sort(uri)
    if (type === undefined || id === undefined) {
      this.key(uri)
      const at = uri.indexOf('/_history/')
      if (at > 0) this.key(uri.slice(0, at))
      return
    }
    this.key(`${type}/${id}`)
    this.key(id)
    if (version !== undefined) this.key(uri)
  }

  /** A reference that puts the resource into a patient's compartment, when it is one to a Patient. */
  patient(text: string): void {
    const { type, id } = this.read(text)
    if (type === 'Patient' && id !== undefined) this.inCompartment(id)
  }

  inCompartment(id: string): void {
    this.patients.add(id)
  }

  text(text: string, modifier = ''): void {
    const folded = this.fitted(foldText(text))
    if (folded === '') return
    this.mark()
    checkMany(this.n.length)
    this.n.push({ p: this.param + modifier, text: folded })
  }

  /** A part of a name, folded, which is no name of its own: neither the whole one nor what it is sorted by. */
  part(folded: string): void {
    if (folded === '') return
    checkMany(this.n.length)
    this.n.push({ p: this.param, text: this.fitted(`${folded}${PART}`) })
  }

  /** An address: found as a whole by its key, by its beginning (`:below`) and in order by its text, in which case counts. */
  uri(value: string): void {
    this.key(value)
    this.n.push({ p: this.param, text: this.fitted(value) })
  }

  range(lo: number, hi: number, unit = ''): void {
    this.mark()
    checkMany(this.r.length)
    this.r.push({ p: this.param + unit, lo, hi })
    if (this.param !== this.options.mainDate) return
    const date = scalarOf({ lo, hi })
    if (this.date === undefined || date < this.date) this.date = date
  }

  /** The keys of a contained resource, under names that no search of the resource itself asks for. */
  contained(type: string, own: KeyCollector): void {
    this.inner.add(containedMarker(type))
    for (const key of own.k) if (isNarrowing(key)) this.inner.add(containedKey(type, key))
  }

  finish(): SearchKeys {
    const { facilities, lastUpdated } = this.options.context
    checkMany(this.k.length + this.inner.size + this.patients.size * (1 + this.paired.length))
    this.dropOwnId()
    this.begin('_lastUpdated')
    this.range(lastUpdated, lastUpdated + 1)
    for (const id of this.patients) {
      this.k.push(boundedKey(`_compartment=Patient/${id}`))
      for (const { param, form } of this.paired)
        this.k.push(boundedKey(`patient+${param}=Patient/${id}+${form}`))
    }
    for (const key of this.inner) this.k.push(key)
    for (const facility of facilities) this.k.push(boundedKey(`_facility=${facility}`))
    return {
      k: this.k,
      r: this.r,
      n: this.n,
      date: this.date ?? lastUpdated,
      patients: [...this.patients],
      s: this.s,
    }
  }

  /** Whether the parameter has this key already: looked up in the list while it is short, in a set once somebody sends very many. */
  private isKnown(key: string): boolean {
    checkMany(this.k.length)
    if (this.k.length - this.from < FEW) return this.k.includes(key, this.from)
    if (this.known === undefined) this.known = new Set(this.k.slice(this.from))
    const { size } = this.known
    return this.known.add(key).size === size
  }

  /** A search by `_id` looks the id up: its keys would be two lists of one resource each. */
  private dropOwnId(): void {
    const at = this.k.findIndex((key) => key.startsWith(OWN_ID))
    if (at >= 0) this.k.splice(at, this.k[at + 1]?.startsWith(OWN_ID) === true ? 2 : 1)
  }

  /** The same reference is often read for several parameters (subject, patient). */
  private read(text: string): LiteralReference {
    if (this.lastReference !== text) this.lastRead = readReference(text, this.base)
    this.lastReference = text
    return this.lastRead
  }

  private form(form: string, modifier: string): void {
    const before = this.k.length
    this.key(form, modifier)
    if (modifier !== '' || this.k.length === before) return
    if (this.param === 'code' || this.param === 'category') this.paired.push({ param: this.param, form })
  }

  private fitted(text: string): string {
    return this.options.context.isWhole === true ? text : boundedText(text)
  }

  /** Keeps the lowest value under the parameter's name, the highest under `-name` when it differs. */
  private sort(value: string): void {
    const scalar = boundedText(value)
    const lowest = this.s[this.param]
    if (lowest === undefined) this.s[this.param] = scalar
    else if (scalar !== lowest) this.widen(lowest, scalar)
  }

  private widen(lowest: string, scalar: string): void {
    const highest = this.s[`-${this.param}`] ?? lowest
    if (Buffer.compare(Buffer.from(scalar), Buffer.from(lowest)) < 0) this.s[this.param] = scalar
    if (Buffer.compare(Buffer.from(scalar), Buffer.from(highest)) > 0) this.s[`-${this.param}`] = scalar
    else if (highest === lowest) this.s[`-${this.param}`] = lowest
  }
}

/** @throws Fault `too-costly`: an index that one resource fills would stop everybody else */
function checkMany(count: number): void {
  if (count < limits.store.resourceKeys) return
  throw fault('too-costly', {
    code: 'too-costly',
    text: `A resource may have ${String(limits.store.resourceKeys)} search keys at most: divide it`,
  })
}

const OWN_ID = '_id='

/** What an interval is ordered by: its beginning, or its end when it has always been. */
export function scalarOf({ lo, hi }: { readonly lo: number; readonly hi: number }): number {
  return Number.isFinite(lo) ? lo : hi
}
