import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Repetition } from '../../src/hl7/message/message.ts'
import { parseMessage } from '../../src/hl7/message/parse-message.ts'
import type { OutboundRules } from '../../src/hl7/rules/outbound-rules.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import type { Unmet } from './decisions.ts'
import type { Pair, PairOutcome } from './pairs.ts'

/** What we send for the resources that a peer makes a message of. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  'ORU^R01': 'DiagnosticReport.ORU_R01',
  'OML^O21': 'ServiceRequest.OML_O21',
}

/** Runs a pair of a Bundle and the message that is expected of it: our messages of its resources hold the same values in the same fields. */
export async function runSentPair(
  folder: string,
  rules: OutboundRules,
  { input, expected }: Pair,
): Promise<PairOutcome> {
  const text = readFileSync(join(folder, expected), 'utf8')
  const [peer = ''] = input.split('/')
  const message = parseMessage(text)
  const type = `${message.get('MSH-9')}^${message.get('MSH-9.2')}`
  const resources = resourcesOf(readFileSync(join(folder, input), 'utf8'))
  const definition = DEFINITIONS[type] ?? ''
  const ours = new Set<string>()
  for (const resource of resources.values()) {
    if (definition.split('.')[0] !== resource['resourceType']) continue
    const sent = await rules.build({
      definition,
      // Orders of the peer have no status; the hub sends none whose status is unknown, so that they count as active here.
      resource: resource['status'] === 'unknown' ? { ...resource, status: 'active' } : resource,
      controlId: 'C1',
      nowMs: 0,
      header: HEADER,
      lookup: (address) => Promise.resolve([resources.get(address)].filter((one) => one !== undefined)),
    })
    for (const [path, value] of valuesOf(sent ?? 'MSH|^~\\&|')) ours.add(`${path}=${value}`)
  }
  const wanted = new Map([...valuesOf(text)].map(([path, value]) => [`${path}=${value}`, { path, value }]))
  const unmet: Unmet[] = [...wanted].flatMap(([leaf, one]) =>
    ours.has(leaf) ? [] : [{ peer, type, ...one }],
  )
  return { peer, type, input, met: wanted.size - unmet.length, unmet }
}

const HEADER = {
  sendingApplication: '',
  sendingFacility: '',
  receivingApplication: '',
  receivingFacility: '',
  processingId: 'P',
  version: '2.5.1',
  charset: 'UNICODE UTF-8',
}

/** By `Type/id` and by the address of the entry. */
function resourcesOf(json: string): ReadonlyMap<string, JsonObject> {
  const { entry = [] } = JSON.parse(json.replace(/^\ufeff/, '')) as {
    readonly entry?: readonly { readonly fullUrl?: string; readonly resource?: JsonObject }[]
  }
  const found = new Map<string, JsonObject>()
  for (const { resource, fullUrl } of entry) {
    if (resource === undefined) continue
    const { resourceType, id } = resource
    if (typeof resourceType === 'string' && typeof id === 'string')
      found.set(`${resourceType}/${id}`, resource)
    if (fullUrl !== undefined) found.set(fullUrl, resource)
  }
  return found
}

/** `PID-5.1` with its value; places of segments and repetitions do not count, times with an offset are instants. */
function valuesOf(text: string): readonly (readonly [path: string, value: string])[] {
  const { segments, delimiters } = parseMessage(text)
  return segments.flatMap((segment) =>
    numbersFrom(segment.name === 'MSH' ? 3 : 1, segment.fieldCount).flatMap((field) =>
      segment
        .field(field)
        .flatMap((repetition) =>
          numbersFrom(1, repetition.componentCount).flatMap((component) =>
            partsOf(repetition, component, delimiters.subcomponent).map(
              ([place, value]) =>
                [`${segment.name}-${field}.${component}${place}`, meaningOf(value)] as const,
            ),
          ),
        ),
    ),
  )
}

function partsOf(
  repetition: Repetition,
  component: number,
  separator: string,
): readonly (readonly [place: string, value: string])[] {
  const count = repetition.rawComponent(component).split(separator).length
  return numbersFrom(1, count)
    .map((at) => [count > 1 ? `.${at}` : '', repetition.component(component, at).trim()] as const)
    .filter(([, value]) => value !== '')
}

function numbersFrom(first: number, last: number): readonly number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at)
}

function meaningOf(text: string): string {
  const [, year, month, day, hour, minute, second = '00', sign = '', zoneHour = '', zoneMinute = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?([+-])(\d\d)(\d\d)$/.exec(text) ?? []
  if (year === undefined) return text
  const iso = `${year}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second}${sign}${zoneHour}:${zoneMinute}`
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? text : time.toISOString()
}
