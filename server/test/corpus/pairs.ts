import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Mapper } from '../../src/hl7/mapping/mapper.ts'
import { parseMessage } from '../../src/hl7/message/parse-message.ts'
import { Fault } from '../../src/kernel/fault.ts'
import type { Unmet } from './decisions.ts'
import { leavesOf, resourcesOfXml } from './leaves.ts'

/** What a peer makes of a message, and what became of each value of it here. */
export interface PairOutcome {
  readonly peer: string
  readonly type: string
  readonly input: string
  /** The whole message was refused: position and reason. */
  readonly refused?: string
  /** How many values we have, too. */
  readonly met: number
  readonly unmet: readonly Unmet[]
}

export interface Pair {
  readonly direction: string
  /** Paths below the folder of the corpus. */
  readonly input: string
  readonly expected: string
}

/** The lines of `PAIRS.csv`. */
export function pairsIn(folder: string): readonly Pair[] {
  const [, ...lines] = readFileSync(join(folder, 'PAIRS.csv'), 'utf8').trim().split(/\r?\n/)
  return lines.map((line) => {
    const [direction = '', input = '', expected = ''] = line.split(',')
    return { direction, input, expected }
  })
}

/** Runs a pair of a message and the Bundle that is expected of it, in JSON or XML. */
export function runPair(folder: string, mapper: Mapper, { input, expected }: Pair): PairOutcome {
  const message = parseMessage(identified(readFileSync(join(folder, input), 'utf8')))
  const [peer = ''] = input.split('/')
  const base = { peer, input, type: `${message.get('MSH-9')}^${message.get('MSH-9.2')}` }
  const wanted = wantedOf(readFileSync(join(folder, expected), 'utf8'))
  try {
    const ours = new Set<string>()
    for (const { type, resource } of mapper.map(message, 'default').images)
      for (const [path, value] of leavesOf(resource, type)) ours.add(`${path}=${value}`)
    const unmet = [...wanted].filter(([leaf]) => !ours.has(leaf))
    return {
      ...base,
      met: wanted.size - unmet.length,
      unmet: unmet.map(([, { path, value, holders }]) => ({ peer, type: base.type, path, value, holders })),
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { at = '', text = '' } = error.issues[0] ?? {}
    return { ...base, refused: `${at} ${text}`, met: 0, unmet: [] }
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

type Wanted = Pick<Unmet, 'path' | 'value'> & { readonly holders: (readonly string[])[] }

/** Each value that the peer's resources hold once, by element, with those resources. References and ids are its own. */
function wantedOf(bundle: string): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>()
  for (const resource of resourcesOf(bundle)) {
    const { id: _id, meta: _meta, text: _text, resourceType, ...content } = resource
    const leaves = [...leavesOf(content, String(resourceType))]
    const holder = leaves.map(([path, value]) => `${path}=${value}`)
    for (const [path, value] of leaves) {
      if (/\.(reference|fullUrl|id)$/.test(path)) continue
      const known = wanted.get(`${path}=${value}`) ?? { path, value, holders: [] }
      wanted.set(`${path}=${value}`, known)
      known.holders.push(holder)
    }
  }
  return wanted
}

function resourcesOf(bundle: string): readonly Record<string, unknown>[] {
  if (!bundle.trimStart().startsWith('{')) return resourcesOfXml(bundle)
  const { entry = [] } = JSON.parse(bundle) as { entry?: readonly { resource?: Record<string, unknown> }[] }
  return entry.map(({ resource = {} }) => resource)
}
