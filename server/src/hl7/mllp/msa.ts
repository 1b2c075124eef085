import { readHeader } from './header.ts'

/**
 * Fields of the MSA segment of an acknowledgement, `[0]` its name, one character a byte; `undefined` when there is none. Blanks that fill a field up
 * are left out: they mean nothing.
 *
 * @see HL7 v2.5.1, 2.A.75 (ST)
 */
export function msaOf(answer: Buffer): readonly string[] | undefined {
  const header = readHeader(answer)
  if (header === undefined) return undefined
  const line = answer
    .toString('latin1')
    .split(/[\r\n]+/)
    .find((one) => one.startsWith(`MSA${header.fieldSeparator}`))
  return line?.split(header.fieldSeparator).map((field) => field.trimEnd())
}
