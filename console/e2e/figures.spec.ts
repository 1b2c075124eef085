import { expect, test } from '@playwright/test'

import {
  instant,
  observationsOf,
  patientOf,
  patientWithValues,
  placeOf,
  shownIn,
  sorted,
  staysOf,
  valuesOf,
  yearsSince,
} from './figures.ts'
import type { Observation, Patient } from './figures.ts'
import { admit, bearer, found, freshStay, patientId, signIn } from './hub.ts'

// Each page is read whole: every figure on it must be one that the FHIR queries of this test give, and none may be missing.

test('every figure of the ward page is one of the record', async ({ page, request }) => {
  const { stay, id } = await patientWithValues(request)
  const [ward] = await found(request, `Location?name=${stay.ward}`)
  await signIn(page, 'nurse')
  await page.goto(`/ward/${ward?.id}`)
  const tile = page.locator(`[data-bed=${stay.bed}]`)
  await expect(tile.getByRole('listitem')).toHaveCount(1)

  const [patient, encounter, all] = [
    await patientOf(request, id),
    await staysOf(request, id),
    await observationsOf(request, id),
  ]
  const latest = [...new Map(all.toReversed().map((one) => [one.code.coding[0]?.code, one])).values()]
  const bed = await placeOf(request, encounter?.location[0]?.location.reference)
  const expected = [
    bed.name,
    instant(encounter?.period.start ?? ''),
    patient.name[0]?.family ?? '',
    String(yearsSince(patient.birthDate)),
    ...latest.flatMap(valuesOf),
    ...latest.map(() => '3 h'),
  ]
  expect(await shownIn(tile)).toEqual(sorted(expected))

  const rooms = await found(request, `Location?partof=${ward?.id}`)
  const beds = await found(request, `Location?partof=${rooms.map((room) => room.id).join(',')}`)
  const taken = await found(
    request,
    `Encounter?status=in-progress&location=${beds.map((one) => one.id).join(',')}`,
  )
  const critical = all.filter((one) => JSON.stringify(one).includes('"HH"'))
  await expect(page.getByText(/beds taken/)).toHaveText(
    `${taken.length} of ${beds.length} beds taken · ${critical.length} with a critical value`,
  )
})

function isLaboratory({ code }: Observation): boolean {
  return code.coding.some((coding) => coding.code === '2823-3')
}

test('every figure about the person on the chart is one of the record', async ({ page, request }) => {
  const { stay, id } = await patientWithValues(request)
  await signIn(page, 'doctor')
  await page.goto(`/patients/${id}`)
  await expect(page.getByRole('group', { name: 'Laboratory' })).toBeVisible()
  const [patient, encounter] = [await patientOf(request, id), await staysOf(request, id)]
  const birth = patient.birthDate.split('-').toReversed().join('-').replace('-07-', '-Jul-')
  const name = patient.name[0]?.family ?? ''
  const [number = ''] = patient.identifier.map(({ value }) => value)
  const banner = page.getByRole('region', { name: 'Patient' })
  expect(await shownIn(banner)).toEqual(sorted([name, birth, String(yearsSince(patient.birthDate)), number]))

  const { telecom = [], address = [] } = patient
  const demographics = [
    ...patient.identifier.map(({ value }) => value),
    ...telecom.map(({ value }) => value),
    ...address.flatMap(({ line = [] }) => line),
    ...address.map(({ city = '' }) => city),
  ]
  expect(await shownIn(page.getByRole('region', { name: 'Demographics' }))).toEqual(sorted(demographics))

  const bed = await placeOf(request, encounter?.location[0]?.location.reference)
  const room = await placeOf(request, bed.partOf?.reference)
  const places = [bed.name, room.name, (await placeOf(request, room.partOf?.reference)).name]
  expect(await shownIn(page.getByRole('region', { name: 'Encounters' }))).toEqual(
    sorted([instant(encounter?.period.start ?? ''), ...places]),
  )
  expect(places).toContain(stay.ward)
})

test('every result on the chart is one of the record', async ({ page, request }) => {
  const { id } = await patientWithValues(request)
  await signIn(page, 'doctor')
  await page.goto(`/patients/${id}`)
  await expect(page.getByRole('group', { name: 'Laboratory' })).toBeVisible()
  const all = await observationsOf(request, id)
  const laboratory = all.filter(isLaboratory)
  for (const [label, group] of [
    ['Laboratory', laboratory],
    ['Vital signs', all.filter((one) => !isLaboratory(one))],
  ] as const) {
    const times = new Set(group.map(({ effectiveDateTime }) => instant(effectiveDateTime)))
    const ranges = group.flatMap(({ referenceRange = [] }) =>
      referenceRange.flatMap(({ text, low, high }) => text ?? `${low?.value}–${high?.value}`),
    )
    const expected = [...times, ...new Set(ranges), ...group.flatMap(valuesOf)]
    // The trend of the other test stands beside it; a grid is the group of its own name.
    const shown = await shownIn(page.getByRole('group', { name: label, exact: true }))
    expect(shown, label).toEqual(sorted(expected))
  }

  const grid = page.getByRole('group', { name: 'Laboratory', exact: true })
  await grid.getByRole('button', { name: 'Potassium' }).click()
  const trend = [...laboratory.map((one) => instant(one.effectiveDateTime)), ...laboratory.flatMap(valuesOf)]
  expect(await shownIn(page.getByRole('group', { name: /Values of Potassium/ }))).toEqual(sorted(trend))
})

test('every figure of the patients page is one of the record', async ({ page, request }) => {
  // A name of letters only: what has digits is searched as a number.
  const family = Array.from(freshStay().mrn.slice(3), (digit) => 'abcdefghij'[Number(digit)]).join('')
  const stays = ['Osman', 'Idris'].map((more) => freshStay(`${family} ${more}`))
  for (const stay of stays) await admit(stay)
  for (const stay of stays) await patientId(request, stay)
  await signIn(page, 'reception')
  await page.goto(`/patients?q=${family}`)
  const rows = page.getByRole('table').locator('tbody tr')
  const patients = (await found(
    request,
    `Patient?name=${family}&_count=50`,
    2,
  )) as unknown as readonly Patient[]
  await expect(rows).toHaveCount(patients.length)
  const expected = [
    ...patients.map(({ name }) => name[0]?.family ?? ''),
    ...patients.map(({ birthDate }) => `${birthDate.replace('-07-', '-Jul-')} ${yearsSince(birthDate)}`),
    ...patients.flatMap(({ identifier }) => identifier.map(({ value }) => value)),
  ]
  expect(await shownIn(page.getByRole('table').locator('tbody'))).toEqual(sorted(expected))
})

interface Messages {
  readonly messages: readonly {
    readonly id: string
    readonly received: string
    readonly controlId: string
    readonly type: string
    readonly event: string
    readonly sender: string
    readonly numbers: readonly string[]
    readonly written: number
  }[]
}
interface Detail {
  readonly resources: readonly {
    readonly reference: string
    readonly action: string
    readonly version?: number
  }[]
}

test('every figure of the messages page is one of the interface, and what a message wrote is in the record', async ({
  page,
  request,
}) => {
  const { id } = await patientWithValues(request)
  const headers = await bearer(request)
  const ask = async <T>(path: string) =>
    (await (await request.get(`/api/v1/interop/${path}`, { headers })).json()) as T
  const { messages } = await ask<Messages>(`messages?patient=${id}`)
  expect(messages).toHaveLength(3)
  await signIn(page)
  await page.goto(`/messages?patient=${id}`)
  await expect(page.locator('a[data-row]')).toHaveCount(3)
  const expected = messages.flatMap((message) => [
    `${instant(message.received)}${message.received.slice(16, 19)}`,
    `${message.type} ${message.event} ${message.controlId} ${message.sender}`,
    // Of its persons; more than one is told as a sum, which these messages do not need.
    ...message.numbers,
    String(message.written),
  ])
  expect(await shownIn(page.getByRole('table').locator('tbody'))).toEqual(sorted(expected))

  for (const message of messages) {
    const { resources } = await ask<Detail>(`messages/${message.id}`)
    const written = resources.filter(({ action }) => action === 'created' || action === 'updated')
    expect(written).toHaveLength(message.written)
    for (const { reference, version } of written) {
      const answer = await request.get(`/fhir/${reference}/_history/${version}`, { headers })
      expect(answer.status()).toBe(200)
    }
  }
})
