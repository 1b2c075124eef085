import { beforeAll, expect, it } from 'vitest'

import { expectRefused, fresh, hubForFile, tagged } from './fhir-peer.ts'

const { ask, make, names } = hubForFile()
const tag = fresh()
const byId = new Map<string, string>()

const DATES = {
  A: { effectiveDateTime: '2012-12-31' },
  B: { effectiveDateTime: '2013' },
  C: { effectiveDateTime: '2013-03' },
  D: { effectiveDateTime: '2013-03-14' },
  E: { effectiveDateTime: '2013-03-14T10:30:00Z' },
  F: { effectiveDateTime: '2013-03-14T23:30:00-05:00' },
  G: { effectivePeriod: { start: '2013-03-10', end: '2013-03-20' } },
  H: { effectivePeriod: { start: '2013-06-01' } },
  I: { effectivePeriod: { end: '2012-06-30' } },
}
const NUMBERS = { n1: 0.05, n2: 0.1, n3: 0.14, n4: 0.15, n5: 0.5, n6: 5, n7: 9.4, n8: 10, n9: 10.4 }

beforeAll(async () => {
  for (const [name, effective] of Object.entries(DATES)) {
    const observation = { resourceType: 'Observation', ...tagged(tag), status: 'final', code: { text: 'x' } }
    byId.set((await make({ ...observation, ...effective })).id, name)
  }
  const subject = { display: 'x' }
  for (const [name, probabilityDecimal] of Object.entries(NUMBERS)) {
    const prediction = [{ outcome: { text: 'x' }, probabilityDecimal }]
    const assessment = {
      resourceType: 'RiskAssessment',
      ...tagged(tag),
      status: 'final',
      subject,
      prediction,
    }
    byId.set((await make(assessment)).id, name)
  }
})

it.each([
  ['DT-01', 'date=2013', 'B C D E F G'],
  ['DT-02', 'date=2013-03', 'C D E F G'],
  ['DT-03', 'date=2013-03-14', 'D E'],
  ['DT-04', 'date=2013-03-14T10:30:00Z', 'E'],
  ['DT-05', 'date=2013-03-14T10:30Z', 'E'],
  ['DT-06', 'date=2013-03-15', 'F'],
  ['DT-07', 'date=2012-12-31', 'A'],
  ['DT-08', 'date=ne2013', 'A H I'],
  ['DT-09', 'date=ne2013-03-14', 'A B C F G H I'],
  ['DT-10', 'date=gt2013-03-14', 'B C F G H'],
  ['DT-11', 'date=gt2013', 'H'],
  ['DT-12', 'date=gt2012-12-31', 'B C D E F G H'],
  ['DT-13', 'date=lt2013', 'A I'],
  ['DT-14', 'date=lt2013-03-14', 'A B C G I'],
  ['DT-15', 'date=lt2013-03-14T10:30:00Z', 'A B C D G I'],
  ['DT-16', 'date=ge2013-03-14', 'B C D E F G H'],
  ['DT-17', 'date=ge2013-06', 'B H'],
  ['DT-18', 'date=ge2013-03-15T04:30:00Z', 'B C F G H'],
  ['DT-19', 'date=le2013-03-14', 'A B C D E G I'],
  ['DT-20', 'date=le2013', 'A B C D E F G I'],
  ['DT-21', 'date=le2012-12-31', 'A I'],
  ['DT-22', 'date=sa2013-03-14', 'F H'],
  ['DT-23', 'date=sa2012-12-31', 'B C D E F G H'],
  ['DT-24', 'date=sa2013-03-20', 'H'],
  ['DT-25', 'date=eb2013-03-14', 'A I'],
  ['DT-26', 'date=eb2013', 'A I'],
  ['DT-27', 'date=eb2013-06-01', 'A C D E F G I'],
  ['DT-28', 'date=ge2013-03-01&date=le2013-03-31', 'B C D E F G'],
])('%s finds by %s: %s', async (_row, query, expected) => {
  expect(await names(`/Observation?_tag=${tag}&${query}`, byId)).toBe(expected)
})

it('DT-29 refuses what is no date', async () => {
  const hours = ['T24:00:00Z', 'T10:00:00%2B15:00', 'T10:00:00-14:01', 'T10:00:00%2B10:60']
  const times = hours.map((each) => `2013-03-14${each}`)
  for (const date of ['2013-13', 'foo', '2013-02-30', '2013-03-14T25:00:00Z', '0000', ...times])
    expectRefused(await ask('GET', `/Observation?date=${date}`), 400)
})

it('DT-30 takes about the distance to now', async () => {
  const found = (await names(`/Observation?_tag=${tag}&date=ap2013-03-14`, byId)).split(' ')
  for (const name of ['B', 'C', 'D', 'E', 'F', 'G']) expect(found).toContain(name)
  // A tenth of seven years reaches no further than 2019: only what has not ended is there.
  expect(await names(`/Observation?_tag=${tag}&date=ap2020-01-01`, byId)).toBe('H')
})

it.each([
  ['NU-01', '0.1', 'n1 n2 n3'],
  ['NU-02', '0.10', 'n2'],
  ['NU-03', '1e-1', 'n1 n2 n3'],
  ['NU-04', '10', 'n8 n9'],
  ['NU-05', '10.0', 'n8'],
  ['NU-06', '1e1', 'n6 n7 n8 n9'],
  ['NU-07', 'ne10', 'n1 n2 n3 n4 n5 n6 n7'],
  ['NU-08', 'gt0.15', 'n5 n6 n7 n8 n9'],
  ['NU-09', 'ge0.15', 'n4 n5 n6 n7 n8 n9'],
  ['NU-10', 'lt0.15', 'n1 n2 n3'],
  ['NU-11', 'le0.15', 'n1 n2 n3 n4'],
  ['NU-12', 'sa5', 'n7 n8 n9'],
  ['NU-13', 'eb5', 'n1 n2 n3 n4 n5'],
])('%s finds by probability=%s: %s', async (_row, value, expected) => {
  expect(await names(`/RiskAssessment?_tag=${tag}&probability=${value}`, byId)).toBe(expected)
})
