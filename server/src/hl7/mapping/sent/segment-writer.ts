import { STANDARD_DELIMITERS } from '../../message/delimiters.ts'
import { encodeEscapes } from '../../message/escapes.ts'
import { isHeader } from '../../message/segment.ts'

/** Where a row writes: `ABC-3[+].4.2` in a segment, `.4.2` in a field that another row began, `.+` behind its last component. */
export interface Target {
  readonly field: number
  readonly isNew: boolean
  /** 0 is the next one. */
  readonly component: number
  readonly subcomponent: number
}

const TARGET = /^(?:[A-Z][A-Z0-9]{2}-(\d+)(\[\+\])?)?(?:\.(\d+|\+)(?:\.(\d+))?)?$/

/** @throws SyntaxError when it is no place in a message */
export function compileTarget(text: string): Target {
  const found = TARGET.exec(text)
  if (found === null || text === '') throw new SyntaxError(`"${text}" is no place in a message`)
  const [, field = '0', isNew, component = '1', subcomponent = '1'] = found
  return {
    field: Number(field),
    isNew: isNew !== undefined,
    component: component === '+' ? 0 : Number(component),
    subcomponent: Number(subcomponent),
  }
}

type Component = (string | undefined)[]
type Repetition = (Component | undefined)[]

/** A segment while rows fill it. */
export interface SegmentWriter {
  /** Text as it is; nothing is written over. */
  write(target: Target, text: string, base?: Target): boolean
  /** A new repetition begins with the next value. */
  begin(target: Target): void
  readonly isEmpty: boolean
  /** How many texts were written so far. */
  readonly written: number
  text(): string
}

const {
  field: FIELD,
  component: COMPONENT,
  repetition: REPETITION,
  escape: ESCAPE,
  subcomponent: SUBCOMPONENT,
} = STANDARD_DELIMITERS

export function createSegmentWriter(name: string): SegmentWriter {
  const fields = new Map<number, Repetition[]>()
  const pending = new Set<number>()
  let written = 0
  return {
    begin: ({ field, isNew }) => {
      if (isNew && (fields.get(field)?.length ?? 0) > 0) pending.add(field)
    },
    write(target, text, base = target) {
      if (text === '') return false
      const repetitions = fields.get(base.field) ?? []
      fields.set(base.field, repetitions)
      if (repetitions.length === 0 || pending.delete(base.field)) repetitions.push([])
      const repetition = repetitions.at(-1) ?? []
      const place = target.component === 0 ? repetition.length : target.component - 1
      const component = (repetition[place] ??= [])
      if (component[target.subcomponent - 1] !== undefined) return false
      component[target.subcomponent - 1] = text
      written++
      return true
    },
    get written() {
      return written
    },
    get isEmpty() {
      return fields.size === 0
    },
    text: () => {
      const last = Math.max(0, ...fields.keys())
      const first = isHeader(name) ? 3 : 1
      const texts: string[] = isHeader(name)
        ? [`${name}${FIELD}${COMPONENT}${REPETITION}${ESCAPE}${SUBCOMPONENT}`]
        : [name]
      for (let field = first; field <= last; field++) texts.push(fieldText(fields.get(field)))
      return texts.join(FIELD)
    },
  }
}

function fieldText(repetitions: readonly Repetition[] = []): string {
  return repetitions
    .map((repetition) =>
      joined(
        Array.from(repetition, (component = []) => componentText(component)),
        COMPONENT,
      ),
    )
    .join(REPETITION)
}

function componentText(component: Component): string {
  return joined(
    Array.from(component, (text = '') => encodeEscapes(text, STANDARD_DELIMITERS)),
    SUBCOMPONENT,
  )
}

/** Without what is empty at the end. */
function joined(texts: readonly string[], separator: string): string {
  let length = texts.length
  while (length > 0 && texts[length - 1] === '') length--
  return texts.slice(0, length).join(separator)
}
