import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Mapper } from '../../src/hl7/mapping/mapper.ts'
import { parseMessage } from '../../src/hl7/message/parse-message.ts'
import { Fault } from '../../src/kernel/fault.ts'

/** What a peer makes of a message, and what became of each value of it here. */
export interface PairOutcome {
  readonly peer: string
  readonly type: string
  readonly input: string
  /** The whole message was refused: position and reason. */
  readonly refused?: string
  readonly met: readonly string[]
  /** Elements (`Patient.name.family`) whose value we do not have. */
  readonly unmet: readonly string[]
}

/** Runs each pair of `PAIRS.csv` whose expected outcome is a FHIR Bundle in JSON. */
export function runPairs(folder: string, mapper: Mapper): readonly PairOutcome[] {
  const [, ...lines] = readFileSync(join(folder, 'PAIRS.csv'), 'utf8').split(/\r?\n/)
  return lines.flatMap((line) => {
    const [direction = '', input = '', expected = ''] = line.split(',')
    if (!direction.startsWith('v2->fhir')) return []
    // The samples of the guide come as XML, too.
    const bundle = readFileSync(join(folder, expected), 'utf8')
    return bundle.trimStart().startsWith('{') ? [runPair(mapper, { folder, input, bundle })] : []
  })
}

interface Pair {
  readonly folder: string
  readonly input: string
  readonly bundle: string
}

function runPair(mapper: Mapper, { folder, input, bundle }: Pair): PairOutcome {
  const message = parseMessage(identified(readFileSync(join(folder, input), 'utf8')))
  const [peer = ''] = input.split('/')
  const base = { peer, input, type: `${message.get('MSH-9')}^${message.get('MSH-9.2')}` }
  const wanted = wantedOf(bundle)
  try {
    const ours = new Set<string>()
    for (const { type, resource } of mapper.map(message, 'default').images)
      for (const [path, value] of leavesOf(resource, type)) ours.add(`${path}=${value}`)
    const [met, unmet]: [string[], string[]] = [[], []]
    for (const [leaf, path] of wanted) (ours.has(leaf) ? met : unmet).push(path)
    return { ...base, met, unmet }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { at = '', text = '' } = error.issues[0] ?? {}
    return { ...base, refused: `${at} ${text}`, met: [], unmet: [] }
  }
}

/** Messages that test a data type often name no patient at all: the hub refuses those, so that they get a number here. */
function identified(text: string): string {
  return text.replace(
    /(^|[\r\n])PID\|([^|\r\n]*)(?:\|([^|\r\n]*))?(?:\|([^|\r\n]*))?/,
    (whole, start: string, ...fields) => {
      const [set = '', id = '', list = ''] = fields as readonly (string | undefined)[]
      return list === '' ? `${start}PID|${set}|${id}|PAIR^^^PAIR^MR` : whole
    },
  )
}

/** Each value that the peer's resources hold once, by element. References and ids are its own. */
function wantedOf(bundle: string): ReadonlyMap<string, string> {
  const { entry = [] } = JSON.parse(bundle) as { entry?: readonly { resource?: Record<string, unknown> }[] }
  const wanted = new Map<string, string>()
  for (const { resource = {} } of entry) {
    const { id: _id, meta: _meta, text: _text, resourceType, ...content } = resource
    for (const [path, value] of leavesOf(content, String(resourceType)))
      if (!/\.(reference|fullUrl|id)$/.test(path)) wanted.set(`${path}=${value}`, path)
  }
  return wanted
}

function* leavesOf(value: unknown, path: string): Generator<readonly [string, string]> {
  if (Array.isArray(value)) for (const item of value as unknown[]) yield* leavesOf(item, path)
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) yield* leavesOf(inner, `${path}.${name}`)
  else if (value !== undefined && value !== null) yield [path, JSON.stringify(value)]
}

export interface Decision {
  readonly peer: string
  readonly kind: string
  covers(peer: string, element: string): boolean
}

/** The rows of the tables in `DECISIONS.md`: `| peer | elements | kind | why |`. `*` stands for anything. */
export function readDecisions(text: string): readonly Decision[] {
  return text.split('\n').flatMap((line) => {
    const [, peer = '', elements = '', kind = ''] = line.split('|').map((cell) => cell.trim())
    if (!['decided', 'peer', 'open'].includes(kind)) return []
    const patterns = elements
      .split(/,\s*/)
      .map((one) => new RegExp(`^${one.replaceAll('`', '').replaceAll('.', '\\.').replaceAll('*', '.*')}$`))
    return [
      {
        peer,
        kind,
        covers: (from: string, element: string) =>
          (peer === 'any' || from.startsWith(peer)) && patterns.some((pattern) => pattern.test(element)),
      },
    ]
  })
}
