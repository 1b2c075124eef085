import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { rulesWith } from '../../../test/rules-with.ts'
import { createMapper } from '../mapping/mapper.ts'
import type { Message } from '../message/message.ts'
import { parseMessage } from '../message/parse-message.ts'
import { OverlayProposal, type Proposal } from './propose-overlay.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../mappings/', import.meta.url))

const admit = (...rest: readonly string[]) =>
  parseMessage(
    [
      'MSH|^~\\&|ADT|EAST|||20260301101500||ADT^A01|M1|P|2.5.1',
      'EVN|A01',
      'PID|1||4711^^^HOSP^MR||Okoye^Ada',
      `PV1|1|X1^Emergency|W1${'|'.repeat(16)}V77`,
      ...rest,
    ].join('\r'),
  )

const value = (field: number, rest: object) => ({ url: `urn:mogran:site:east:zbc-${field}`, ...rest })

async function proposalOf(messages: readonly Message[]): Promise<Proposal> {
  const mapper = await createMapper(await rulesWith({}))
  const overlay = new OverlayProposal(mapper.filesOf('default'), 'east')
  for (const message of messages) overlay.note(message, mapper.map(message, 'default').warnings)
  return overlay.finish()
}

/** The images and warnings of a message by the rules with what was proposed. */
async function mapWith({ files }: Proposal, message: Message) {
  const feed = `${await readFile(`${MAPPINGS}feeds/default.yaml`, 'utf8')}\noverlays: [east]\n`
  const proposed = Object.fromEntries(files.map(({ path, text }) => [path, text]))
  const mapper = await createMapper(await rulesWith({ ...proposed, 'feeds/east.yaml': feed }))
  const { images, warnings } = mapper.map(message, 'east')
  const resource = (type: string) => images.find((image) => image.resource['resourceType'] === type)?.resource
  return { resource, warnings }
}

it('keeps what no rule reads in the resource that it stands by, and knows a code by its text', async () => {
  const message = admit('ZBC|blue|3.50|20260301|Y|a^Amber^L|x^^y')
  const proposal = await proposalOf([message, admit('ZBC|red|4')])
  expect(proposal).toMatchObject({ fields: [], codes: [] })
  const { resource, warnings } = await mapWith(proposal, message)
  expect(warnings).toEqual([])
  expect(resource('Encounter')).toMatchObject({
    class: { code: 'EMER' },
    extension: [
      value(1, { valueString: 'blue' }),
      value(2, { valueDecimal: 3.5 }),
      value(3, { valueDateTime: '2026-03-01' }),
      value(4, { valueBoolean: true }),
      value(5, { valueCodeableConcept: { coding: [{ code: 'a', display: 'Amber' }] } }),
      value(6, { valueString: 'x^^y' }),
    ],
  })
})

it('adds rows to the segments that rules read', async () => {
  const message = parseMessage(
    `MSH|^~\\&|A|B|||20260301||ADT^A28|1|P|2.5\rPID|1||7^^^H^MR||Okoye||19870402|F${'|'.repeat(29)}note`,
  )
  const proposal = await proposalOf([message])
  expect(proposal.files.map(({ path }) => path)).toEqual(['overlays/east/segments/PID.Patient.yaml'])
  const { resource, warnings } = await mapWith(proposal, message)
  expect(warnings).toEqual([])
  expect(resource('Patient')).toMatchObject({
    extension: [{ url: 'urn:mogran:site:east:pid-37', valueString: 'note' }],
  })
})

it('takes a field for text as soon as one value is nothing narrower', async () => {
  const proposal = await proposalOf([admit('ZBC|1'), admit('ZBC|2'), admit('ZBC|1a')])
  const { resource } = await mapWith(proposal, admit('ZBC|7'))
  expect(resource('Encounter')).toMatchObject({ extension: [{ valueString: '7' }] })
})

it('leaves codes without a known text to a person, and fields without a place', async () => {
  const code = parseMessage(
    'MSH|^~\\&|A|B|||20260301||ADT^A28|1|P|2.5\rZZZ|1\rPID|1||7^^^H^MR||Okoye||19870402|Q',
  )
  const proposal = await proposalOf([code, code])
  expect(proposal).toEqual({
    files: [],
    fields: [{ at: 'ZZZ', count: 2 }],
    codes: [{ table: 'administrativeSex', code: 'Q', text: '', count: 2 }],
  })
})
