import { fault } from '../../kernel/fault.ts'

/** The characters that a message declares in MSH-1 and MSH-2; empty text for one that it does not declare. */
export interface Delimiters {
  readonly field: string
  readonly component: string
  readonly repetition: string
  readonly escape: string
  readonly subcomponent: string
  /** Fifth character of MSH-2, since v2.7. */
  readonly truncation: string
}

export const STANDARD_DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
  truncation: '',
}

/** A separator is no letter, digit, blank or quote. */
const SEPARATOR = /^[^A-Za-z0-9\s"]$/
const ENCODING = /^[^A-Za-z0-9\s"]{2,5}$/

/**
 * Reads the delimiters behind the name of a header segment.
 *
 * @param at position of the field separator in `text`.
 * @throws Fault `malformed` when one is missing, a letter, a digit, a blank or a quote, or when two are the same.
 * @see HL7 v2.5.1, section 2.15.9.1 and 2.15.9.2
 */
export function readDelimiters(text: string, at: number): Delimiters {
  const field = text.slice(at, at + 1)
  if (!SEPARATOR.test(field))
    throw fault('malformed', { code: 'structure', at: 'MSH-1', text: 'MSH-1 must be a separator such as |' })
  const [encoding = ''] = text.slice(at + 1, at + 8).split(field, 1)
  if (field === '|' && encoding === '^~\\&') return STANDARD_DELIMITERS
  if (!ENCODING.test(encoding) || new Set(field + encoding).size <= encoding.length)
    throw fault('malformed', {
      code: 'structure',
      at: 'MSH-2',
      text: 'MSH-2 must hold two to five different characters such as ^~\\&',
    })
  const [component = '', repetition = '', escape = '', subcomponent = '', truncation = ''] = encoding
  return { field, component, repetition, escape, subcomponent, truncation }
}
