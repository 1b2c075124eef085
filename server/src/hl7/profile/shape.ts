import type { Row } from '../mapping/rules/rules.ts'
import { readTimeStamp } from '../mapping/values/time-stamp.ts'
import type { Repetition } from '../message/message.ts'

type Test = (value: Repetition) => boolean

const isSingle: Test = (value) => value.componentCount === 1
const NUMBER = /^[+-]?(0|[1-9]\d{0,14})(\.\d{1,15})?$/
const CODE = /^[^\s^]{1,40}$/

/** What all values of a field may be, the narrowest first, with the row that writes it. */
const SHAPES: readonly { readonly fits: Test; readonly row: Pick<Row, 'to' | 'fn' | 'type'> }[] = [
  {
    fits: (value) => isSingle(value) && /^[YN]$/.test(value.raw),
    row: { to: 'valueBoolean', fn: 'yesNo' },
  },
  {
    fits: (value) => isSingle(value) && isTime(value.text),
    row: { to: 'valueDateTime', fn: 'dateTime' },
  },
  {
    fits: (value) => isSingle(value) && NUMBER.test(value.raw),
    row: { to: 'valueDecimal', fn: 'decimal' },
  },
  {
    fits: (value) => CODE.test(value.component(1)) && value.component(2) !== '',
    row: { to: 'valueCodeableConcept', type: 'CWE.CodeableConcept' },
  },
  { fits: isSingle, row: { to: 'valueString' } },
  { fits: () => true, row: { to: 'valueString', fn: 'lines' } },
]

/** Four digits alone are rather a number than a year. */
function isTime(text: string): boolean {
  return /^(19|20)\d{6}/.test(text) && readTimeStamp(text) !== undefined
}

/** Which shapes fit every value so far; grows smaller with each. */
export class FieldShape {
  #fitting = SHAPES
  count = 0

  note(repetitions: readonly Repetition[]): void {
    const sent = repetitions.filter(({ raw, isNull }) => raw !== '' && !isNull)
    if (sent.length === 0) return
    this.count++
    this.#fitting = this.#fitting.filter(({ fits }) => sent.every((one) => fits(one)))
  }

  /** The part of a row that writes the value of an extension; `undefined` when no value was seen. */
  get row(): Pick<Row, 'to' | 'fn' | 'type'> | undefined {
    return this.count === 0 ? undefined : this.#fitting[0]?.row
  }
}
