import type { JsonValue } from '../../kernel/json.ts'

/** Where a value goes: `name[+].given[0]`. `[+]` is a new item, `[2]` the third. */
export interface ElementPath {
  readonly steps: readonly Step[]
  /** Top-level element. */
  readonly top: string
  /** The top-level element, or where that is one object its member: `period.end`. */
  readonly member: string
  /** The name, when the path is nothing but one. */
  readonly only?: string
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
  const isSimple = steps.length === 1 && first?.index === undefined
  return { steps, top, member, ...(isSimple && first && { only: first.name }) }
}

/** The path that a value would get, and what stands there now. */
export function locate(
  holder: Fragment,
  element: ElementPath,
): { readonly path: string; readonly found: unknown } {
  const { only } = element
  if (only !== undefined) return { path: only, found: holder[only] }
  let path = ''
  let found: unknown = holder
  for (const { name, index } of element.steps) {
    found = isFragment(found) ? found[name] : undefined
    if (index === undefined) {
      path += path === '' ? name : `.${name}`
      continue
    }
    const items = Array.isArray(found) ? found : []
    const at = index === '+' ? items.length : Math.min(index, items.length)
    path += `${path === '' ? '' : '.'}${name}[${at}]`
    found = items[at]
  }
  return { path, found }
}

/** Puts a value where nothing stands yet, makes what lies between. */
export function place(holder: Fragment, element: ElementPath, value: JsonValue): void {
  if (element.only !== undefined) {
    holder[element.only] = value
    return
  }
  let here = holder
  const last = element.steps.length - 1
  for (const [number, { name, index }] of element.steps.entries()) {
    if (index === undefined) {
      if (number === last) here[name] = value
      else here = inner(here[name], (made) => (here[name] = made))
      continue
    }
    const items = itemsOf(here, name)
    const at = index === '+' ? items.length : Math.min(index, items.length)
    if (number === last) items[at] = value
    else here = inner(items[at], (made) => (items[at] = made))
  }
}

/** Adds the text of one resource to that of another, on a line of its own. @returns whether both have one */
export function joinTexts(into: Fragment, from: Fragment, element: ElementPath): boolean {
  const [had, more] = [locate(into, element).found, locate(from, element).found]
  if (typeof had !== 'string' || typeof more !== 'string') return false
  place(into, element, `${had}\n${more}`)
  return true
}

function inner(found: JsonValue | undefined, keep: (made: JsonValue) => void): Fragment {
  if (isFragment(found)) return found
  const made: Fragment = {}
  keep(made)
  return made
}

function itemsOf(holder: Fragment, name: string): JsonValue[] {
  const found = holder[name]
  if (Array.isArray(found)) return found as JsonValue[]
  const made: JsonValue[] = []
  holder[name] = made
  return made
}

function isFragment(value: unknown): value is Fragment {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
