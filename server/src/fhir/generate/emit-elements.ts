import type { ElementRow, ElementTable } from '../elements.ts'
import type { Element, Model, Type } from './model.ts'

/** What the running hub must know of single elements: by type (backbone elements by path) and property. */
export function emitElements(model: Model): string {
  const table: ElementTable = Object.fromEntries(
    [...model.values()]
      .filter(({ kind }) => kind !== 'primitive')
      .map((type) => [type.name, Object.fromEntries(rowsOf(type))]),
  )
  return JSON.stringify(table)
}

function rowsOf({ elements }: Type): readonly (readonly [string, ElementRow])[] {
  return [...elements.values()].flatMap((element) =>
    element.types.map(({ type, property }): readonly [string, ElementRow] => [
      property,
      element.choice ? [type, marksOf(element), element.name] : [type, marksOf(element)],
    ]),
  )
}

function marksOf({ repeats, summary, required, modifier }: Element): string {
  return `${repeats ? '*' : ''}${summary ? 's' : ''}${required || modifier ? 'm' : ''}`
}
