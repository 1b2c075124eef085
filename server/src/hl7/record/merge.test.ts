import { describe, expect, it } from 'vitest'

import type { ImagePart } from '../mapping/model/image.ts'
import { withoutOtherVariants } from './choices.ts'
import { isPlain, isSame, leavesOf, parseExact, withLongTexts, withoutLongTexts } from './exact-json.ts'
import { mergeThreeWay, nextImage, withUnsentMembers, type ThreeWay } from './merge.ts'

/** A birth date that the feed said and does not say any more is cleared. */
function merge(base: object | undefined, next: object, current: object) {
  return mergeThreeWay({
    base: base && parseExact(JSON.stringify(base)),
    next: parseExact(JSON.stringify(next)),
    current: parseExact(JSON.stringify(current)),
    cleared: base && 'birthDate' in base && !('birthDate' in next) ? ['birthDate'] : [],
  })
}

it('writes what the feed changed, leaves what it did not send, removes what it cleared', () => {
  const base = { gender: 'male', birthDate: '1980', active: true }
  const { resource, conflicts } = merge(base, { gender: 'female' }, { ...base, id: 'x' })
  expect(resource).toEqual({ id: 'x', gender: 'female', active: true })
  expect(conflicts).toEqual([])
})

it('keeps what a person changed while the feed repeats itself', () => {
  const base = { birthDate: '1980', gender: 'male' }
  expect(merge(base, base, { birthDate: '1981', gender: 'male' })).toEqual({
    resource: { birthDate: '1981', gender: 'male' },
    conflicts: [],
  })
})

it('reports a conflict where both changed, and writes the rest', () => {
  const { resource, conflicts } = merge(
    { birthDate: '1980', name: [{ family: 'A', given: ['B'] }] },
    { birthDate: '1982', name: [{ family: 'A2', given: ['B'] }] },
    { birthDate: '1981', name: [{ family: 'A', given: ['C'] }] },
  )
  expect(resource).toEqual({ birthDate: '1981', name: [{ family: 'A2', given: ['C'] }] })
  expect(conflicts).toEqual([{ element: 'birthDate', current: '1981', incoming: '1982' }])
})

it('reports a conflict when the feed clears what a person changed', () => {
  const { resource, conflicts } = merge({ birthDate: '1980' }, {}, { birthDate: '1981' })
  expect(resource).toEqual({ birthDate: '1981' })
  expect(conflicts).toEqual([{ element: 'birthDate', current: '1981' }])
})

it('finds items of a list by their content when a person added one', () => {
  const [home, work, own] = [{ value: '1' }, { value: '2' }, { value: '3' }]
  const added = merge({ telecom: [home] }, { telecom: [home, work] }, { telecom: [own, home] })
  expect(added.resource).toEqual({ telecom: [own, home, work] })
  const changed = merge({ telecom: [home] }, { telecom: [work] }, { telecom: [own, home] })
  expect(changed.resource).toEqual({ telecom: [own, work] })
  const removed = merge({ telecom: [home, work] }, { telecom: [home] }, { telecom: [own, home, work] })
  expect(removed.resource).toEqual({ telecom: [own, home] })
  expect([added, changed, removed].flatMap(({ conflicts }) => conflicts)).toEqual([])
})

it('fills in and never overwrites when the feed speaks of a resource for the first time', () => {
  const { resource, conflicts } = merge(
    undefined,
    {
      identifier: [{ system: 'b', value: '2' }],
      birthDate: '1980',
      name: [{ family: 'A', given: ['B'] }],
      gender: 'male',
    },
    { identifier: [{ system: 'a', value: '1' }], birthDate: '1981', name: [{ family: 'A' }] },
  )
  expect(resource).toEqual({
    identifier: [
      { system: 'a', value: '1' },
      { system: 'b', value: '2' },
    ],
    birthDate: '1981',
    name: [{ family: 'A', given: ['B'] }],
    gender: 'male',
  })
  expect(conflicts.map(({ element }) => element)).toEqual(['birthDate'])
})

it('remembers what the feed said before beside what it says now', () => {
  expect(nextImage({ base: { a: 1, b: 2, c: 3 }, next: { b: 4 }, cleared: ['c'] })).toEqual({ a: 1, b: 4 })
})

it('tells 6.90 from 6.9 and writes both as they came', () => {
  const text = '{"a":6.90,"b":[1e3],"c":6.9}'
  const exact = parseExact(text)
  expect(JSON.stringify(exact)).toBe(text)
  expect(isSame(exact['a'], exact['c'])).toBe(false)
  expect(isSame(exact, parseExact('{"c":6.9,"b":[1e3],"a":6.90}'))).toBe(true)
  expect([...leavesOf(exact).keys()]).toEqual(['a', 'b[0]', 'c'])
})

it('compares long texts by their hash and puts them back', () => {
  const vault = new Map<string, string>()
  const long = { data: 'x'.repeat(100_000), list: [{ data: 'short' }] }
  const short = withoutLongTexts(long, vault)
  expect(JSON.stringify(short).length).toBeLessThan(200)
  expect(withLongTexts(short, vault)).toEqual(long)
})

it.each(['7.10', '1.0', '1e3', '1E3', '-0', '-0.0', '0.0000001', '12345678901234567', '0.12345678901234567'])(
  'writes %s back with the same digits, wherever it stands',
  (digits) => {
    for (const text of [`{"a":${digits}}`, `{"a":[1, ${digits}]}`, `{"a":[${digits}],"b":"x"}`]) {
      expect(isPlain(text)).toBe(false)
      expect(JSON.stringify(parseExact(text))).toBe(text.replace('1, ', '1,'))
    }
  },
)

it.each(['{"a":7.1}', '{"a":[0,10,100,-5]}', '{"a":"7.10"}', '{"a":0.5}'])(
  'takes %s as plain JSON',
  (text) => {
    expect(isPlain(text)).toBe(true)
  },
)

/** Of a feed that alone has said what is in the record. */
const unsent = (words: Omit<ThreeWay, 'current'>, parts: readonly ImagePart[]) =>
  withUnsentMembers({ ...words, current: words.base ?? {} }, parts)

describe('withUnsentMembers', () => {
  const parts = ['period', 'hospitalization']
  const base = { period: { start: '2026-03-01', end: '2026-03-04' }, status: 'finished' }

  it('keeps members that were not sent, of the objects that are named only', () => {
    const next = { period: { start: '2026-03-02' }, class: { code: 'IMP' } }
    const whole = unsent({ base: { ...base, class: { display: 'x' } }, next, cleared: [] }, parts)
    expect(whole.next).toEqual({ period: { start: '2026-03-02', end: '2026-03-04' }, class: { code: 'IMP' } })
  })

  it('deletes one member, with nothing else sent, and the object with its last member', () => {
    const cleared = ['period.end']
    expect(unsent({ base, next: {}, cleared }, parts)).toEqual({
      next: { period: { start: '2026-03-01' } },
      cleared: [],
    })
    const only = { period: { end: '2026-03-04' } }
    expect(unsent({ base: only, next: {}, cleared }, parts)).toEqual({
      next: {},
      cleared: ['period'],
    })
    expect(unsent({ base: undefined, next: {}, cleared }, parts)).toEqual({
      next: {},
      cleared: ['period'],
    })
  })

  it('keeps no member that would turn a period round', () => {
    const next = { period: { start: '2026-04-01' } }
    expect(unsent({ base, next, cleared: [] }, parts).next).toEqual(next)
  })
})

const coded = (code: string, name: string) => ({
  type: [{ coding: [{ code }] }],
  individual: { display: name },
})

const place = (id: string, status: string) => ({ location: { reference: `Location/${id}` }, status })

it('keeps items of a list that were not sent, deletes those that are named, and says what becomes of places that were left', () => {
  const was = {
    participant: [
      coded('ATND', 'Kamau'),
      coded('REF', 'Moss'),
      coded('CON', 'Bell'),
      { individual: { display: 'No role' } },
    ],
    location: [place('bed1', 'active')],
  }
  const lists = [
    { list: 'participant', by: 'type.coding.code' },
    { list: 'location', by: 'location.reference', kept: { status: { active: 'completed' } }, merged: true },
  ]
  const next = { participant: [coded('ATND', 'Otieno')], location: [place('bed2', 'active')] }
  const told = unsent({ base: was, next, cleared: ['participant.CON'] }, lists)
  expect(told).toEqual({
    next: {
      participant: [coded('ATND', 'Otieno'), coded('REF', 'Moss')],
      location: [place('bed2', 'active'), place('bed1', 'completed')],
    },
    cleared: [],
  })
  const silent = unsent({ base: was, next: {}, cleared: [] }, lists)
  expect(silent).toEqual({ next: {}, cleared: [] })
  const alone = { participant: [coded('REF', 'Moss')] }
  const gone = unsent({ base: alone, next: {}, cleared: ['participant.REF'] }, lists)
  expect(gone).toEqual({ next: {}, cleared: ['participant'] })
})

const KEPT = { status: { active: 'completed' } }

it('puts nobody back into a bed of a visit that is over, unless the message says that it goes on', () => {
  const lists = [
    {
      list: 'location',
      by: 'location.reference',
      kept: KEPT,
      within: { status: { finished: KEPT } },
      merged: true,
    },
  ]
  const base = { status: 'finished', location: [place('bed1', 'completed')] }
  const sent = { location: [place('bed1', 'active'), place('bed2', 'planned')] }
  const silent = unsent({ base, next: sent, cleared: [] }, lists)
  expect(silent.next).toEqual({ location: [place('bed1', 'completed'), place('bed2', 'planned')] })
  const goesOn = { base, next: { status: 'in-progress', ...sent }, cleared: [] }
  const again = [...sent.location, place('bed1', 'completed')]
  expect(unsent(goesOn, lists).next).toMatchObject({ location: again })
  const reopening = lists.map((list) => ({ ...list, reopens: true }))
  expect(unsent(goesOn, reopening).next).toMatchObject({ location: sent.location })
  const running = unsent({ ...goesOn, base: { ...base, status: 'in-progress' } }, lists)
  expect(running.next).toMatchObject({ location: again })
})

it('keeps the stays of a place apart, each with its times, and takes back the last one', () => {
  const list = { list: 'location', by: 'location.reference', kept: KEPT, merged: true }
  const stay = (id: string, status: string, period: Readonly<Record<string, string>>) => ({
    ...place(id, status),
    period,
  })
  const base = {
    location: [
      stay('bed2', 'active', { start: '2026-03-02' }),
      stay('bed1', 'completed', { end: '2026-03-02' }),
    ],
  }
  const back = {
    location: [
      stay('bed1', 'active', { start: '2026-03-03' }),
      stay('bed2', 'completed', { end: '2026-03-03' }),
    ],
  }
  const moved = unsent({ base, next: back, cleared: [] }, [list]).next
  expect(moved).toEqual({
    location: [
      stay('bed1', 'active', { start: '2026-03-03' }),
      stay('bed2', 'completed', { start: '2026-03-02', end: '2026-03-03' }),
      stay('bed1', 'completed', { end: '2026-03-02' }),
    ],
  })
  const undone = { next: { location: [place('bed2', 'active')] }, cleared: ['location.status=active'] }
  expect(unsent({ base: moved, ...undone }, [{ ...list, reopens: true }])).toEqual({
    next: base,
    cleared: [],
  })
  const silent = unsent({ base, next: {}, cleared: ['location.status=completed'] }, [list])
  expect(silent.next).toEqual({ location: base.location.slice(0, 1) })
})

describe('elements that have a form for each type', () => {
  it('deletes the form that the feed said before, and what it deletes as a whole', () => {
    const base = { valueString: 'pending', effectiveDateTime: '2026' }
    const next = { valueQuantity: { value: 1 } }
    expect(withoutOtherVariants({ next, cleared: [] }, base).cleared).toEqual(['valueString'])
    expect(withoutOtherVariants({ next: {}, cleared: ['value'] }, base).cleared).toEqual([
      'value',
      'valueString',
    ])
    expect(withoutOtherVariants({ next: base, cleared: ['value'] }, base).cleared).toEqual(['value'])
  })

  it('keeps the form of somebody else, and tells of its own', () => {
    const { resource, conflicts } = merge(undefined, { valueString: 'high' }, { valueQuantity: { value: 1 } })
    expect(resource).toEqual({ valueQuantity: { value: 1 } })
    expect(conflicts).toEqual([{ element: 'valueString', incoming: 'high' }])
  })
})
