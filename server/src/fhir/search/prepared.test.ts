import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, freshStore } from '../../../test/fresh-store.ts'
import { createAuditTrail } from '../../audit/create-audit-trail.ts'
import { authorise, constraintFor } from '../../auth/authorise.ts'
import type { Caller } from '../../auth/caller.ts'
import { auditedAccess } from '../access.ts'
import { loadDefinitions } from '../load-definitions.ts'
import { createPrepare, preparedClauses, preparedQuery } from './prepared.ts'
import type { Pair } from './request.ts'
import type { SearchDeps } from './scope.ts'

const definitions = loadDefinitions()
const everything: Caller = { subject: 'a', kind: 'client', roles: ['administrator'], facilities: 'all' }
const ward: Caller = { ...everything, subject: 'b', facilities: ['Organization/1'] }
let now = Date.UTC(2026, 0)
const clock = (): number => now
const onError = (error: unknown): void => expect.fail(String(error))

async function freshDeps(): Promise<SearchDeps> {
  const store = await freshStore()
  const audit = createAuditTrail({ folder: await freshFolder(), store, clock, onError })
  onTestFinished(() => audit.close())
  const access = auditedAccess({ authorise, constraintFor }, audit, clock)
  return { reader: store.resources, definitions, access, clock, base: 'http://hub/fhir' }
}

function moduleOf(type: string) {
  const module = definitions.load(type)
  if (module === undefined || module instanceof Promise) throw new Error(`${type} is not there`)
  return module
}

const DATED: readonly Pair[] = [
  ['subject', 'Patient/1'],
  ['code', 'http://loinc.org|8867-4'],
  ['_sort', '-date'],
]

it('reads and plans a search once for the same list of parameters, and anew for another one', async () => {
  const [prepare, deps] = [createPrepare(), await freshDeps()]
  const observation = moduleOf('Observation')
  const once = prepare(observation, DATED, 'strict')
  const query = await preparedQuery(deps, once, await preparedClauses(deps, everything, once))
  const again = prepare(observation, DATED, 'strict')
  expect(again).toBe(once)
  expect(await preparedQuery(deps, again, await preparedClauses(deps, everything, again))).toBe(query)
  expect(query.plan.driver).toMatchObject({ by: 'keys' })
  expect(prepare(observation, [...DATED], 'strict')).not.toBe(once)
  expect(prepare(observation, DATED, 'lenient')).not.toBe(once)
})

it('never gives what is planned for all to a caller who may see less, nor the other way round', async () => {
  const [prepare, deps] = [createPrepare(), await freshDeps()]
  const prepared = prepare(moduleOf('Observation'), DATED, 'strict')
  for (const [caller, labels] of [
    [everything, []],
    [ward, ['what the caller may see']],
    [everything, []],
  ] as const) {
    const clauses = await preparedClauses(deps, caller, prepared)
    const { clauses: verified } = await preparedQuery(deps, prepared, clauses)
    expect(verified.map(({ label }) => label)).toEqual([
      ...labels,
      'subject=Patient/1',
      'code=http://loinc.org|8867-4',
    ])
  }
})

it('takes the time anew for what is about a date', async () => {
  const [prepare, deps] = [createPrepare(), await freshDeps()]
  const pairs: readonly Pair[] = [['date', 'ap2020-01-01']]
  const widths: number[] = []
  for (const year of [2021, 2031]) {
    now = Date.UTC(year, 0)
    const [clause] = await preparedClauses(
      deps,
      everything,
      prepare(moduleOf('Observation'), pairs, 'strict'),
    )
    const [test] = clause?.anyOf ?? []
    if (test?.by === 'range') widths.push(test.interval.hi - test.interval.lo)
  }
  const [near = 0, far = 0] = widths
  expect(far).toBeGreaterThan(near * 5)
})

it('knows a parameter from the moment that the type has it, until it has it no more', () => {
  const prepare = createPrepare()
  const patient = moduleOf('Patient')
  const pairs: readonly Pair[] = [['tribe', 'x']]
  const added = {
    ...patient,
    params: [...patient.params, { code: 'tribe', type: 'string', url: 'u' } as const],
  }
  const without = () => prepare(patient, pairs, 'strict')
  expect(without).toThrow('tribe')
  expect(prepare(added, pairs, 'strict').request.filters).toHaveLength(1)
  expect(without).toThrow('tribe')
})
