import { appendFile, cp } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../src/kernel/json.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { engineOn, MAPPINGS, Sender, startEngine, type Engine } from './interface-engine.ts'

const NORTH = 'PID|1||4711^^^NORTH^MR||Salih^Nadia'
const obr = (
  status: string,
  more: { number?: string; service?: string; end?: string; part?: string } = {},
) => {
  const { number = 'F1', service = 'PAN', end = '', part = '' } = more
  return `OBR|1||${number}^LAB|${service}^Panel^L|||202603010800|${end}${'|'.repeat(17)}${status}|${part}`
}
/** @param value with the type of OBX-2 in front, when it is no number: `ST:pending` */
const obx = (code: string, value: string, status: string) => {
  const [, type = 'NM', text = value] = /^([A-Z]{2,3}):(.*)$/.exec(value) ?? []
  const [number, flag = ''] = text.split('!')
  return `OBX|1|${type}|${code}^Test^L||${number ?? ''}|mmol/L^^UCUM||${flag}|||${status}`
}

const sensitivity = (isolate: string, mic: string) => [
  obr('F', { service: 'SENS', part: `ORG&Organism&L^${isolate}` }),
  obx('AMP', mic, 'F'),
]

/** Each message an hour behind the one before. */
async function told(
  messages: readonly (readonly string[])[],
  { header = '', variable }: { readonly header?: string; readonly variable?: string } = {},
): Promise<Engine> {
  const engine =
    variable === undefined ? await startEngine({ ackAt: 'committed' }) : await engineWith(variable)
  const sender = new Sender(engine.port)
  for (const [at, segments] of messages.entries()) {
    const time = `20260301${String(at + 10)}0000${header}`
    const msh = `MSH|^~\\&|LAB|NORTH|HUB|MOGRAN|${time}||ORU^R01^ORU_R01|R${at}|P|2.5.1`
    expect(await sender.send([msh, ...segments, ''].join('\r'))).toContain('MSA|AA')
  }
  return engine
}

/** A feed that has the variable. */
async function engineWith(variable: string): Promise<Engine> {
  const folder = await freshFolder()
  await cp(MAPPINGS, folder, { recursive: true })
  await appendFile(join(folder, 'feeds', 'default.yaml'), `\nvariables: { ${variable}: 'yes' }\n`)
  return engineOn(await freshStore(), { ackAt: 'committed' }, { mappings: folder })
}

async function observation(engine: Engine, code: string): Promise<JsonObject | undefined> {
  return (await engine.all('Observation')).find((one) => JSON.stringify(one['code']).includes(`"${code}"`))
}

const value = (one: JsonObject | undefined) =>
  Object.entries(one ?? {}).filter(([name]) => /^(?:value|dataAbsent|component|interpretation)/.test(name))

describe('a result that changes', () => {
  it.each([
    ['a text gives way to a number', obx('K', 'ST:pending', 'P'), obx('K', '4.2', 'F'), 'valueQuantity'],
    ['what was to come gives way to a number', obx('K', '', 'I'), obx('K', '4.2', 'F'), 'valueQuantity'],
    ['a number gives way to a reason', obx('K', '4.2', 'P'), obx('K', '', 'X'), 'dataAbsentReason'],
    [
      'a code gives way to several',
      obx('K', 'CWE:NG^No growth^L', 'P'),
      obx('K', 'CWE:E^E. coli^L~K^Klebsiella^L', 'F'),
      'component',
    ],
    ['several numbers give way to one', obx('K', '1~2', 'P'), obx('K', '4.2', 'F'), 'valueQuantity'],
    ['several numbers give way to lines', obx('K', '1~2', 'P'), obx('K', 'ST:a~b', 'F'), 'valueString'],
    ['what is withdrawn keeps its value', obx('K', '4.2', 'F'), obx('K', '', 'D'), 'valueQuantity'],
    ['what is final now keeps its value', obx('K', '4.2', 'P'), obx('K', '', 'U'), 'valueQuantity'],
    ['a flag belongs to its value', obx('K', '6.9!HH', 'F'), obx('K', '4.2', 'C'), 'valueQuantity'],
  ])('%s', async (...[, first, second, left]) => {
    const engine = await told([
      [NORTH, obr('P'), first],
      [NORTH, obr('C'), second],
    ])
    expect(value(await observation(engine, 'K')).map(([name]) => name)).toEqual([left])
  })
})

const statuses = async (engine: Engine) =>
  Promise.all(['K', 'NA', 'CL'].map(async (code) => (await observation(engine, code))?.['status']))

describe('a report whose order is cancelled', () => {
  const before = [NORTH, obr('P'), obx('K', '4.2', 'P'), obx('NA', '140', 'F'), obx('CL', '100', 'P')]

  it('takes with it what is not final and not told again; what is final is for a person', async () => {
    const engine = await told([before, [NORTH, obr('X'), obx('CL', '101', 'C')]])
    expect(await statuses(engine)).toEqual(['cancelled', 'final', 'corrected'])
    const found = await engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })
    expect(found.map((record) => record.value)).toMatchObject([
      { element: 'status', current: '"final"', incoming: '"cancelled"' },
    ])
  })

  it('has results again when the laboratory sends them after all', async () => {
    const engine = await told([before, [NORTH, obr('X')], [NORTH, obr('F'), obx('K', '4.3', 'F')]])
    expect(await observation(engine, 'K')).toMatchObject({ status: 'final', valueQuantity: { value: 4.3 } })
  })
})

it('creates each order that a point of care device tells with its results with the status of its ORC', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const header = 'MSH|^~\\&|POCT|NORTH|HUB|MOGRAN|20260301100000||ORU^R30^ORU_R30|R1|P|2.5.1'
  const second = obr('F', { number: 'F2', service: 'NA' })
  const message = [header, NORTH, 'ORC|NW', obr('F'), obx('K', '4.2', 'F'), second, obx('NA', '140', 'F'), '']
  expect(await new Sender(engine.port).send(message.join('\r'))).toContain('MSA|AA')
  expect((await engine.all('ServiceRequest')).map(({ status }) => status)).toEqual(['active', 'active'])
})

describe('a report that changes', () => {
  it('has one form of its time', async () => {
    const engine = await told([
      [NORTH, obr('P'), obx('K', '4.2', 'P')],
      [NORTH, obr('F', { end: '202603010830' }), obx('K', '4.2', 'F')],
    ])
    const [report] = await engine.all('DiagnosticReport')
    expect(report).toMatchObject({ effectivePeriod: { end: '2026-03-01T08:30:00+00:00' } })
    expect(report).not.toHaveProperty('effectiveDateTime')
  })

  it('is not overtaken by a preliminary one behind it, unless the feed reopens reports', async () => {
    const messages = [
      [NORTH, obr('F'), obx('K', '4.2', 'F')],
      [NORTH, obr('P'), obx('K', '9.9', 'P')],
    ]
    const final = await told(messages)
    expect(await observation(final, 'K')).toMatchObject({ status: 'final', valueQuantity: { value: 4.2 } })
    expect(await final.all('DiagnosticReport')).toMatchObject([{ status: 'final' }])
    const reopened = await told(messages, { variable: 'reopens' })
    expect(await observation(reopened, 'K')).toMatchObject({
      status: 'preliminary',
      valueQuantity: { value: 9.9 },
    })
  })

  it('leaves the others in the report that were not sent again, unless the feed sends whole reports', async () => {
    const messages = [
      [NORTH, obr('F'), obx('K', '4.2', 'F'), obx('NA', '140', 'F')],
      [NORTH, obr('C'), obx('K', '4.3', 'C')],
    ]
    const [report] = await (await told(messages)).all('DiagnosticReport')
    expect(report?.['result']).toHaveLength(2)
    const [whole] = await (await told(messages, { variable: 'snapshots' })).all('DiagnosticReport')
    expect(whole?.['result']).toHaveLength(1)
  })
})

describe('numbers that laboratories give several times', () => {
  it('takes reports of several services under one number, in messages of their own', async () => {
    const messages = ['A', 'B', 'A'].map((service) => [NORTH, obr('F', { service }), obx('K', '4.2', 'F')])
    const engine = await told(messages)
    expect(await engine.all('DiagnosticReport')).toHaveLength(2)
    expect(await engine.all('Observation')).toHaveLength(2)
  })

  it('tells susceptibilities of several isolates apart by the result that they belong to, whichever comes again', async () => {
    const engine = await told([
      [NORTH, ...sensitivity('1', '1'), ...sensitivity('2', '2')],
      [NORTH, ...sensitivity('2', '3')],
    ])
    expect(await engine.all('DiagnosticReport')).toHaveLength(2)
    const found = (await engine.all('Observation')).map((one) => JSON.stringify(one['valueQuantity']))
    expect(new Set(found.map((text) => /"value":(\d)/.exec(text)?.[1]))).toEqual(new Set(['1', '3']))
  })

  it('keeps results without an order and a time apart', async () => {
    const engine = await told(['4.2', '5.1'].map((text) => [NORTH, obx('K', text, 'F')]))
    expect(await engine.all('Observation')).toHaveLength(2)
  })
})

it('reads times without an offset by that of MSH-7 where it is not that of the feed', async () => {
  const message = [NORTH, obr('F'), obx('K', '4.2', 'F')]
  const elsewhere = await told([message], { header: '-0330' })
  expect(await observation(elsewhere, 'K')).toMatchObject({ effectiveDateTime: '2026-03-01T08:00:00-03:30' })
  const here = await told([message])
  expect(await observation(here, 'K')).toMatchObject({ effectiveDateTime: '2026-03-01T08:00:00+00:00' })
})

it('tells of a participant that stands where nothing reads it, and writes a note of several repetitions once', async () => {
  const order = ['ORC|RE', 'PRT|1||AD|OP|D1^Kamau', 'NTE|1||Of the order', obr('F'), 'NTE|1||One~Two']
  const engine = await told([[NORTH, 'NTE|1||Of the patient', ...order, obx('K', '4.2', 'F')]])
  expect(engine.flow.tally.unmappedOf('default')).toMatchObject([{ kind: 'unmapped-field', at: 'PRT' }])
  const [report] = await engine.all('DiagnosticReport')
  const notes = ['Of the patient', 'Of the order', 'One\nTwo'].map((text) => ({ valueAnnotation: { text } }))
  expect(report?.['extension']).toMatchObject(notes)
})

const numbers = async (engine: Engine) =>
  (await engine.all('Observation'))
    .map(({ valueQuantity, status }) => `${JSON.stringify(valueQuantity)} ${status as string}`)
    .map((text) => text.replace(/^.*"value":([\d.]+).*\} /, '$1 '))
    .toSorted()
const items = async (engine: Engine) => engine.store.records.range({ collection: 'hl7-worklist', limit: 10 })

describe('results that only their order tells apart', () => {
  const both = [NORTH, obr('F'), obx('K', '4.2', 'F'), obx('K', '5.2', 'F')]
  it('are corrected by a message that tells as many', async () => {
    const engine = await told([both, [NORTH, obr('C'), obx('K', '4.2', 'F'), obx('K', '5.3', 'C')]])
    expect(await numbers(engine)).toEqual(['4.2 final', '5.3 corrected'])
    expect(await items(engine)).toEqual([])
  })

  it('are not changed by a correction that tells one: it is another result, and an item of the worklist', async () => {
    const engine = await told([
      both,
      [NORTH, obr('C'), obx('K', '5.3', 'C')],
      [NORTH, obr('C'), obx('K', '5.4', 'C')],
    ])
    expect(await numbers(engine)).toEqual(['4.2 final', '5.2 final', '5.4 corrected'])
    expect(await items(engine)).toHaveLength(1)
    expect(await engine.all('DiagnosticReport')).toMatchObject([{ result: [{}, {}, {}] }])
  })

  it('are found again by what is said of one of them once more', async () => {
    const engine = await told([both, [NORTH, obr('F'), obx('K', '5.2', 'F')]])
    expect(await numbers(engine)).toEqual(['4.2 final', '5.2 final'])
    expect(await items(engine)).toEqual([])
  })

  it('are withdrawn by a feed that sends whole reports', async () => {
    const engine = await told([both, [NORTH, obr('C'), obx('K', '5.3', 'C')]], { variable: 'snapshots' })
    expect(await numbers(engine)).toEqual(['5.2 entered-in-error', '5.3 corrected'])
  })

  it('of two reports stay as they are when one of these comes again with new ones', async () => {
    const curve = [
      NORTH,
      obr('F'),
      obx('K', '4.2', 'F'),
      obr('F', { end: '202603011000' }),
      obx('K', '5.2', 'F'),
    ]
    const again = (text: string) => [
      NORTH,
      obr('C', { end: '202603011000' }),
      obx('K', text, 'C'),
      obx('NA', '140', 'F'),
    ]
    const engine = await told([curve, again('5.3'), again('5.4'), curve])
    expect(await numbers(engine)).toEqual(['140 final', '4.2 final', '5.2 final', '5.4 corrected'])
    const reports = await engine.all('DiagnosticReport')
    expect(reports.map(({ result }) => (result as readonly unknown[]).length)).toEqual([1, 1, 2])
    expect(await items(engine)).toHaveLength(1)
  })
})
