/** Where one text of a message stands; everything is counted from 1. */
export interface Position {
  readonly segment: string
  readonly occurrence: number
  readonly field: number
  readonly repetition: number
  readonly component: number
  readonly subcomponent: number
}

const PATH = /^([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?$/

/** Programs ask for few paths, and for these again and again; people may ask for any. */
const KNOWN_PATHS = 1000
const known = new Map<string, Position>()

/** @throws TypeError when the path is none */
export function positionOf(path: string): Position {
  const found = known.get(path)
  if (found !== undefined) return found
  const made = readPosition(path)
  if (known.size < KNOWN_PATHS) known.set(path, made)
  return made
}

function readPosition(path: string): Position {
  const parts = PATH.exec(path)
  if (parts === null) throw new TypeError(`"${path}" is no HL7 path`)
  const [, segment = '', ...numbers] = parts
  const [occurrence = 1, field = 1, repetition = 1, component = 1, subcomponent = 1] = numbers.map(
    (one: string | undefined) => Number(one ?? 1),
  )
  return { segment, occurrence, field, repetition, component, subcomponent }
}
