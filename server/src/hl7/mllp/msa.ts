import { readHeader } from './header.ts'

/** Fields of the MSA segment of an acknowledgement, `[0]` its name, one character a byte; `undefined` when there is none. */
export function msaOf(answer: Buffer): readonly string[] | undefined {
  const header = readHeader(answer)
  if (header === undefined) return undefined
  const line = answer
    .toString('latin1')
    .split(/[\r\n]+/)
    .find((one) => one.startsWith(`MSA${header.fieldSeparator}`))
  return line?.split(header.fieldSeparator)
}
