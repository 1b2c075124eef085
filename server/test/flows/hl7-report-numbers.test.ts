import { expect, it } from 'vitest'

import { after, items, type Message } from './order-day.ts'

/** @param placer with or without the number of the filler: `P1/F1`, `P1/` */
function report(numbers: string, { time = '202603010800', status = 'F' } = {}): Message {
  const [placer = '', filler = ''] = numbers.split('/')
  return [
    'ORU^R01^ORU_R01',
    'PID|1||M1^^^NORTH^MR||Okoye^Ada||19870402|F',
    `OBR|1|${placer && `${placer}^HIS`}|${filler && `${filler}^LAB`}|58410-2^CBC^LN|||${time}||||||||||||||||||${status}`,
    `OBX|1|NM|718-7^Haemoglobin^LN||12.${status === 'F' ? '1' : '2'}|g/dL^^UCUM|||||${status}`,
  ]
}

it.each([
  ['gets the number of its filler later', 'P1/', 'P1/F1'],
  ['loses the number of its filler later', 'P1/F1', 'P1/'],
])('asks whether a report that %s is the one of before', async (_, before, later) => {
  const engine = await after(report(before), report(later), report(later, { status: 'C' }))
  expect(await engine.all('DiagnosticReport')).toHaveLength(2)
  expect(await items(engine)).toMatchObject([
    { reference: expect.stringContaining('DiagnosticReport') as string, why: 'alike' },
  ])
})

it.each<readonly [string, { readonly told: readonly Message[]; readonly reports: number }]>([
  ['the same numbers again', { told: [report('P1/F1'), report('P1/F1', { status: 'C' })], reports: 1 }],
  ['another time', { told: [report('P1/F1'), report('P1/F2', { time: '202603020800' })], reports: 2 }],
  ['another order', { told: [report('P1/F1'), report('P2/F2')], reports: 2 }],
  ['no time at all', { told: [report('P1/F1', { time: '' }), report('P1/F2', { time: '' })], reports: 2 }],
])('asks nothing about a report with %s', async (_, { told, reports }) => {
  const engine = await after(...told)
  expect(await engine.all('DiagnosticReport')).toHaveLength(reports)
  expect(await items(engine)).toEqual([])
})
