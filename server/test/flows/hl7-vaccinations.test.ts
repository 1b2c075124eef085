import { expect, it } from 'vitest'

import type { Engine } from './interface-engine.ts'
import { after, items, type Message } from './order-day.ts'

const PID = 'PID|1||M1^^^NORTH^MR||Okoye^Ada||20200402|F'

interface Dose {
  readonly placer?: string
  readonly filler?: string
  readonly vaccine?: string
  readonly lot?: string
  readonly action?: string
}

const number = (one: string) => one && `${one}^IMM`

function dose({ placer = '', filler = '', vaccine = '08', lot = 'L1', action = 'A' }: Dose): string[] {
  const segment = `RXA|0|1|20260301|20260301|${vaccine}^Vaccine^CVX|1|||||||||${lot}|||||CP|${action}`
  return [`ORC|RE|${number(placer)}|${number(filler)}`, segment]
}

const told = (...doses: readonly Dose[]): Message => ['VXU^V04', PID, ...doses.flatMap(dose)]

/** Vaccines with their states and numbers. */
async function given(engine: Engine): Promise<readonly string[]> {
  const all = await engine.all('Immunization')
  return all.map(({ vaccineCode, status, identifier = [] }) => {
    const { coding } = vaccineCode as { coding: readonly { code: string }[] }
    const numbers = (identifier as readonly { value: string }[]).map(({ value }) => value)
    return [coding[0]?.code, status as string, ...numbers.toSorted()].join(' ')
  })
}

it.each<[string, readonly Dose[], string]>([
  ['whose filler numbers it later', [{ placer: 'P1' }, { placer: 'P1', filler: 'F1' }], '08 completed F1 P1'],
  [
    'that is told by one of its numbers',
    [{ placer: 'P1', filler: 'F1' }, { placer: 'P1' }, { filler: 'F1' }],
    '08 completed F1 P1',
  ],
  [
    'that is corrected',
    [
      { placer: 'P1', filler: 'F1' },
      { placer: 'P1', vaccine: '20', action: 'U' },
    ],
    '20 completed F1 P1',
  ],
  [
    'that is deleted',
    [
      { placer: 'P1', filler: 'F1' },
      { placer: 'P1', action: 'D' },
    ],
    '08 entered-in-error F1 P1',
  ],
  [
    'that is told again behind its deletion',
    [{ filler: 'F1' }, { filler: 'F1', action: 'D' }, { filler: 'F1' }],
    '08 completed F1',
  ],
])('knows one vaccination %s', async (_, doses, expected) => {
  const engine = await after(...doses.map((one) => told(one)))
  expect(await given(engine)).toEqual([expected])
  expect(await items(engine)).toEqual([])
})

it('takes two numbers of the filler, and two vaccines of one number, for two vaccinations', async () => {
  const two = await after(told({ placer: 'P1', filler: 'F1' }, { placer: 'P1', filler: 'F2', vaccine: '20' }))
  expect(await given(two)).toEqual(['08 completed F1 P1', '20 completed F2 P1'])
  const shared = await after(told({ filler: '9999' }, { filler: '9999', vaccine: '20' }))
  expect(await given(shared)).toEqual(['08 completed 9999', '20 completed 9999'])
})

it('reports a second lot, which has no place', async () => {
  const engine = await after(told({ filler: 'F1', lot: 'L1~L2' }))
  expect(await engine.all('Immunization')).toMatchObject([{ lotNumber: 'L1' }])
  expect(engine.flow.tally.unmappedOf('default')).toMatchObject([{ at: 'RXA-15' }])
})

it('makes nothing of a deleted vaccination that nobody knows', async () => {
  const [deleted, ...others] = told({ filler: 'F2', action: 'D' })
  const engine = await after(told({ filler: 'F1' }), [
    deleted,
    ...others,
    'OBX|1|CE|30956-7^Type^LN||08^X^CVX',
  ])
  expect(await given(engine)).toEqual(['08 completed F1'])
  expect(await engine.all('Observation')).toEqual([])
  expect(await items(engine)).toMatchObject([{ incoming: expect.stringContaining('F2') as string }])
})

it('deletes with a vaccination what is told with it', async () => {
  const about = 'OBX|1|CE|30956-7^Type^LN||08^Vaccine^CVX||||||F'
  const withType = (action: string): Message => [...told({ filler: 'F1', action }), about]
  const engine = await after(withType('A'), withType('D'))
  expect(await engine.all('Observation')).toMatchObject([{ status: 'entered-in-error' }])
  expect(await items(engine)).toEqual([])
})

it('writes nothing where a vaccination is told again by one of its numbers', async () => {
  const both = { placer: 'P1', filler: 'F1' }
  const engine = await after(
    told(both),
    told({ placer: 'P1' }),
    told({ filler: 'F1' }),
    told({ placer: 'P1' }),
  )
  expect(await engine.all('Immunization')).toMatchObject([{ meta: { versionId: '1' } }])
})
