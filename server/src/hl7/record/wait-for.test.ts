import { expect, it } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import type { Image } from '../mapping/model/image.ts'
import type { Identity } from './identity.ts'
import { waitFor } from './wait-for.ts'

const NUMBER = { type: 'ServiceRequest', system: 'urn:lab', value: 'F1' }
const common = { isKnown: false, by: [], confirms: [], claims: [], taken: [] }
const image = (more: Partial<Image>): Image => ({
  key: '',
  type: '',
  own: 'update',
  aliases: [],
  resource: {},
  trace: [],
  ...more,
})

/** How long the number of an order that nobody knows is kept, in days. */
function daysOf({
  basedOn,
  known,
}: {
  readonly basedOn: object
  readonly known: boolean
}): readonly unknown[] {
  const order = image({
    key: 'order',
    type: 'ServiceRequest',
    own: 'link',
    aliases: [NUMBER],
    terms: { known },
  })
  const resource = { basedOn: [{ reference: '#image:order' }] }
  const report = image({ key: 'report', type: 'DiagnosticReport', resource })
  const identities = new Map<string, Identity>([
    ['order', { ...common, image: order }],
    ['report', { ...common, image: report, id: 'r1' }],
  ])
  const made = { reference: 'DiagnosticReport/r1', action: 'created' } as const
  const records = waitFor({ message: 'm1', nowMs: 0 }, identities, [{ made, trace: '', is: { ...basedOn } }])
  return records.map((one) => ('expires' in one ? (one.expires ?? 0) / 86_400_000 : one))
}

it('waits longer for an order that a result names than for one whose number may be its own', () => {
  const logical = { type: 'ServiceRequest', identifier: { system: 'urn:lab', value: 'F1' } }
  expect(daysOf({ basedOn: { basedOn: [logical] }, known: false })).toEqual([90])
  expect(daysOf({ basedOn: {}, known: true })).toEqual([14])
  expect(limits.hl7.waitingOwnMs).toBeLessThan(limits.hl7.waitingMs)
})
