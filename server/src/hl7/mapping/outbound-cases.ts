import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { parse } from 'yaml'

import type { JsonObject } from '../../kernel/json.ts'
import type { OutboundRules } from '../rules/outbound-rules.ts'

/** What `change.yaml` of a case for a message that the hub sends says. */
interface Change {
  readonly definition: string
  readonly resource: JsonObject
  readonly previous?: JsonObject
  /** Other resources by reference. */
  readonly others?: Readonly<Record<string, JsonObject>>
}

const HEADER = {
  sendingApplication: 'HUB',
  sendingFacility: 'MAIN',
  receivingApplication: 'PEER',
  receivingFacility: 'NORTH',
  processingId: 'P',
  charset: 'UNICODE UTF-8',
}
const TIME = Date.parse('2026-03-01T10:15:00Z')

/** @param text of a `change.yaml` */
export function readChange(text: string): Change {
  return parse(text) as Change
}

/** The message of a case, in any version. @returns `undefined` when there is nothing to send */
export async function builtOf(
  { definition, resource, previous, others = {} }: Change,
  rules: OutboundRules,
  { controlId, version }: { readonly controlId: string; readonly version: string },
): Promise<string | undefined> {
  return rules.build({
    definition,
    resource,
    ...(previous && { previous }),
    lookup: async (address) => Promise.resolve(foundIn(others, address)),
    controlId,
    nowMs: TIME,
    header: { ...HEADER, version },
  })
}

function foundIn(others: Readonly<Record<string, JsonObject>>, address: string): readonly JsonObject[] {
  const [type = '', key] = address.split('?')
  const [name = '', reference = ''] = key?.split('=') ?? []
  return Object.entries(others).flatMap(([place, resource]) => {
    const element = resource[name] as JsonObject | undefined
    const isMeant =
      key === undefined
        ? place === address
        : place.startsWith(`${type}/`) && element?.['reference'] === reference
    return isMeant ? [resource] : []
  })
}

/** Builds the message of a case. @returns what is different from `out.hl7`, line by line; nothing to send is an empty file */
export async function outboundProblems(folder: string, rules: OutboundRules): Promise<readonly string[]> {
  const change = readChange(await readFile(join(folder, 'change.yaml'), 'utf8'))
  const wanted = linesOf(await readFile(join(folder, 'out.hl7'), 'utf8'))
  const found = linesOf((await builtOf(change, rules, { controlId: 'C1', version: '2.5.1' })) ?? '')
  const length = Math.max(found.length, wanted.length)
  return Array.from({ length }, (_, at) => at).flatMap((at) =>
    found[at] === wanted[at]
      ? []
      : [`${found[at] ?? '(nothing)'}\n    instead of ${wanted[at] ?? '(nothing)'}`],
  )
}

function linesOf(text: string): readonly string[] {
  return text.split(/[\r\n]+/).filter((line) => line !== '')
}
