import type { JsonObject, JsonValue } from '../../../kernel/json.ts'

/** Where a value goes: `name[+].given[0]`. `[+]` is a new item, `[2]` the third. */
export interface ElementPath {
  readonly steps: readonly Step[]
  /** Top-level element. */
  readonly top: string
  /** The top-level element, or where that is one object its member: `period.end`. */
  readonly member: string
  /** The name, when the path is nothing but one. */
  readonly only: string | undefined
  /** The name, when the path is nothing but a new item of one. */
  readonly appended: string | undefined
  /** The path itself, when it is the same in every resource. */
  readonly fixed: string | undefined
  /** It ends in `end`, as periods do. */
  readonly isEnd: boolean
}

interface Step {
  readonly name: string
  /** Absent: no array. */
  readonly index?: number | '+'
}

export interface Fragment {
  [name: string]: JsonValue | undefined
}

const STEP = /^(_?[a-zA-Z]\w*)(?:\[(\d+|\+)\])?$/

/** @throws SyntaxError when it is no element path */
export function compileElement(text: string): ElementPath {
  const steps = text.split('.').map((one): Step => {
    const [, name, index] = STEP.exec(one) ?? []
    if (name === undefined) throw new SyntaxError(`"${text}" is no path of an element`)
    if (index === undefined) return { name }
    return { name, index: index === '+' ? '+' : Number(index) }
  })
  const [first, second] = steps
  const top = first?.name ?? ''
  const member = first?.index === undefined && second !== undefined ? `${top}.${second.name}` : top
  const isFixed = steps.every(({ index }) => index === undefined || index === 0)
  return {
    steps,
    top,
    member,
    only: text === top ? top : undefined,
    appended: text === `${top}[+]` ? top : undefined,
    fixed: isFixed ? text : undefined,
    isEnd: steps.at(-1)?.name === 'end',
  }
}

/** What stands at an element now. */
export function foundAt(holder: Fragment, element: ElementPath): unknown {
  const { only, appended } = element
  if (only !== undefined) return holder[only]
  if (appended !== undefined) return undefined
  let found: unknown = holder
  for (const { name, index } of element.steps) {
    found = isFragment(found) ? found[name] : undefined
    if (index === undefined) continue
    const items = Array.isArray(found) ? found : []
    found = index === '+' ? undefined : items[Math.min(index, items.length)]
  }
  return found
}

/** The path that a value would get now. */
export function pathIn(holder: Fragment, element: ElementPath): string {
  const { appended, fixed } = element
  if (fixed !== undefined) return fixed
  if (appended !== undefined) {
    const items = holder[appended]
    return `${appended}[${Array.isArray(items) ? items.length : 0}]`
  }
  let path = ''
  let found: unknown = holder
  for (const { name, index } of element.steps) {
    found = isFragment(found) ? found[name] : undefined
    path += path === '' ? name : `.${name}`
    if (index === undefined) continue
    const items = Array.isArray(found) ? found : []
    const at = index === '+' ? items.length : Math.min(index, items.length)
    path += `[${at}]`
    found = items[at]
  }
  return path
}

/** Puts a value where nothing stands yet. @returns its path; `undefined` when something stands there */
export function put(holder: Fragment, element: ElementPath, value: JsonValue): string | undefined {
  const { only } = element
  if (only !== undefined) {
    if (holder[only] !== undefined) return undefined
    holder[only] = value
    return only
  }
  if (foundAt(holder, element) !== undefined) return undefined
  const path = pathIn(holder, element)
  place(holder, element, value)
  return path
}

/** Puts a value there, makes what lies between. */
export function place(holder: Fragment, element: ElementPath, value: JsonValue): void {
  const { only, appended } = element
  if (only !== undefined) holder[only] = value
  else if (appended !== undefined) append(holder, appended, value)
  else placeDeep(holder, element.steps, value)
}

/** A list is made with its first item: one that grows takes room for sixteen more. */
function append(holder: Fragment, name: string, value: JsonValue): void {
  const found = holder[name]
  if (Array.isArray(found)) found.push(value)
  else holder[name] = [value]
}

function placeDeep(holder: Fragment, steps: readonly Step[], value: JsonValue): void {
  let here = holder
  const last = steps.length - 1
  for (let number = 0; number <= last; number++) {
    const step = steps[number]
    if (step === undefined) return
    const { name, index } = step
    if (index === undefined) {
      const next: JsonValue = number === last ? value : fragmentOr(here[name])
      here[name] = next
      here = next as Fragment
      continue
    }
    const found = here[name]
    const items = Array.isArray(found) ? (found as JsonValue[]) : undefined
    const length = items?.length ?? 0
    const at = index === '+' ? length : Math.min(index, length)
    const next: JsonValue = number === last ? value : fragmentOr(items?.[at])
    if (items === undefined) here[name] = [next]
    else items[at] = next
    here = next as Fragment
  }
}

/** Adds the text of one resource to that of another, on a line of its own. @returns whether both have one */
export function joinTexts(into: Fragment, from: Fragment, element: ElementPath): boolean {
  const [had, more] = [foundAt(into, element), foundAt(from, element)]
  if (typeof had !== 'string' || typeof more !== 'string') return false
  place(into, element, `${had}\n${more}`)
  return true
}

function fragmentOr(found: JsonValue | undefined): JsonObject {
  return isFragment(found) ? found : {}
}

function isFragment(value: unknown): value is Fragment {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
