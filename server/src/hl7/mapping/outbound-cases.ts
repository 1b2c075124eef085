import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { parse } from 'yaml'

import type { JsonObject } from '../../kernel/json.ts'
import type { OutboundRules } from '../outbound/outbound-rules.ts'

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
  version: '2.5.1',
  charset: 'UNICODE UTF-8',
}
const TIME = Date.parse('2026-03-01T10:15:00Z')

/** Builds the message of a case. @returns what is different from `out.hl7`, line by line; nothing to send is an empty file */
export async function outboundProblems(folder: string, rules: OutboundRules): Promise<readonly string[]> {
  const change = parse(await readFile(join(folder, 'change.yaml'), 'utf8')) as Change
  const wanted = linesOf(await readFile(join(folder, 'out.hl7'), 'utf8'))
  const { definition, resource, previous, others = {} } = change
  const lookup = (reference: string): Promise<JsonObject | undefined> => Promise.resolve(others[reference])
  const request = {
    definition,
    resource,
    ...(previous && { previous }),
    lookup,
    controlId: 'C1',
    nowMs: TIME,
    header: HEADER,
  }
  const found = linesOf((await rules.build(request)) ?? '')
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
