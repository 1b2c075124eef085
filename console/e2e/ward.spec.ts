import type { Locator, WebSocketRoute } from '@playwright/test'
import { expect, test } from '@playwright/test'

import { admit, bearer, fhir, found, freshStay, patientId, report, result, sendText, signIn } from './hub.ts'

test('shows an admission and a result as they arrive, without reload, with the digits of the record', async ({
  page,
  request,
}) => {
  const first = freshStay()
  const second = { ...freshStay(), ward: first.ward }
  await admit(first)
  const [ward] = await found(request, `Location?name=${first.ward}`)
  await signIn(page, 'nurse')
  await page.goto(`/ward/${ward?.id}`)
  await expect(page.locator('[data-link=live]')).toBeVisible()
  await expect(page.locator(`[data-bed=${first.bed}]`)).toContainText(`${first.family.toUpperCase()}, Amna`)
  await page.evaluate('globalThis.sameDocument = true')

  await admit(second)
  const tile = page.locator(`[data-bed=${second.bed}]`)
  await expect(tile).toContainText(`${second.family.toUpperCase()}, Amna`)
  await report({ mrn: second.mrn, id: second.mrn, value: '6.90', flag: 'HH' })
  await expect(tile.getByRole('listitem')).toContainText('CRITICAL high')
  expect(await page.evaluate('globalThis.sameDocument')).toBe(true)

  const recorded = await fhir(request, `Observation?patient.identifier=${second.mrn}&code=2823-3`)
  const digits = /"value":([\d.]+)/.exec(recorded)?.[1] ?? 'none'
  expect(digits).toBe('6.90')
  await expect(tile.getByRole('link', { name: digits, exact: true })).toBeVisible()
})

test('says that the link is lost, and shows what came meanwhile once it is back', async ({
  page,
  request,
}) => {
  const first = freshStay()
  const second = { ...freshStay(), ward: first.ward }
  await admit(first)
  const [ward] = await found(request, `Location?name=${first.ward}`)
  let isCut = false
  let link: WebSocketRoute | undefined
  await page.routeWebSocket(/\/ws$/, async (socket) => {
    if (isCut) {
      await socket.close()
      return
    }
    socket.connectToServer()
    link = socket
  })
  await signIn(page, 'nurse')
  await page.goto(`/ward/${ward?.id}`)
  await expect(page.locator('[data-link=live]')).toBeVisible()
  await page.evaluate('globalThis.sameDocument = true')

  isCut = true
  await link?.close()
  await expect(page.locator('[data-link=offline]')).toHaveText(/Offline/)
  await admit(second)
  await patientId(request, second)
  const tile = page.locator(`[data-bed=${second.bed}]`)
  await expect(tile).toHaveCount(0)

  isCut = false
  await expect(page.locator('[data-link=live]')).toBeVisible({ timeout: 20_000 })
  await expect(tile).toContainText(`${second.family.toUpperCase()}, Amna`)
  expect(await page.evaluate('globalThis.sameDocument')).toBe(true)
})

test('keeps a very long name readable and the page within its width', async ({ page, request }) => {
  const long = 'Alhassan Abdelrahman Mohammed Ibrahim Elzubeir Osman Babiker Mustafa Abdalla'
  const stay = { ...freshStay(long) }
  await admit(stay)
  const id = await patientId(request, stay)
  const [ward] = await found(request, `Location?name=${stay.ward}`)
  await page.setViewportSize({ width: 1024, height: 768 })
  await signIn(page, 'nurse')
  for (const address of [`/ward/${ward?.id}`, `/patients/${id}`, `/patients?q=${long.slice(0, 8)}`]) {
    await page.goto(address)
    await expect(page.getByText(`${long.toUpperCase()}, Amna`).first()).toBeVisible()
    const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(wider), address).toBe(0)
  }
})

test('asks for the beds while the code of the page is on its way', async ({ page, request }) => {
  const stay = freshStay()
  await admit(stay)
  const [ward] = await found(request, `Location?name=${stay.ward}`)
  await signIn(page, 'nurse')
  const asked = page.waitForRequest(/\/api\/v1\/wards\/[^/]+\/beds$/)
  await page.route('**/assets/ward.page-*', async (route) => {
    await asked
    await route.continue()
  })
  await page.goto(`/ward/${ward?.id}`)
  await expect(page.locator(`[data-bed=${stay.bed}]`)).toBeVisible()
})

test('keeps a result that is a long text within its bed, and the figures beside it whole', async ({
  page,
  request,
}) => {
  const stay = freshStay()
  await admit(stay)
  const text = 'Mild anisocytosis with occasional target cells; repeat in two weeks. '.repeat(6)
  await sendText(
    `${result(stay.mrn, `${stay.mrn}^^^HTEST^MR`)}\rOBX|2|TX|11502-2^Report^LN||${text}||||||F|||20261120080000+0000`,
  )
  const id = await patientId(request, stay)
  await found(request, `Observation?patient=${id}`, 2)
  const [ward] = await found(request, `Location?name=${stay.ward}`)
  await signIn(page, 'nurse')
  await page.goto(`/ward/${ward?.id}`)
  const tile = page.locator(`[data-bed=${stay.bed}]`)
  const edge = await endOf(tile)
  for (const part of await tile.locator('li > span').all()) {
    expect(await endOf(part)).toBeLessThanOrEqual(edge)
  }
  await expect(tile.getByText('5.60')).toBeInViewport({ ratio: 1 })

  await page.goto(`/patients/${id}`)
  const grid = page.getByRole('group', { name: 'Laboratory' })
  expect(await endOf(grid.getByText('5.60'))).toBeLessThan(await endOf(grid))
})

test('opens at the ward that was chosen last', async ({ page, request }) => {
  const [one, other] = [freshStay(), freshStay()]
  await admit(one)
  await admit(other)
  const [ward] = await found(request, `Location?name=${one.ward}`)
  await signIn(page, 'nurse')
  await page.goto(`/ward/${ward?.id}`)
  await page.getByRole('combobox', { name: 'Ward' }).click()
  await page.getByRole('option', { name: other.ward }).click()
  await expect(page.locator(`[data-bed=${other.bed}]`)).toBeVisible()
  await page.goto('/patients')
  await page.getByRole('link', { name: 'Ward' }).click()
  await expect(page.locator(`[data-bed=${other.bed}]`)).toBeVisible()
})

/** Where it ends, from the left edge of the page. */
async function endOf(place: Locator): Promise<number> {
  const { x, width } = (await place.boundingBox()) ?? { x: Number.NaN, width: 0 }
  return x + width
}

test('opens the ward that was looked at last, and before that one that has patients', async ({
  page,
  request,
}) => {
  const stay = freshStay()
  await admit(stay)
  const [ward] = await found(request, `Location?name=${stay.ward}`)
  const empty = {
    resourceType: 'Location',
    status: 'active',
    name: '000 before all others',
    physicalType: WARD,
  }
  const headers = await bearer(request)
  expect((await request.post('/fhir/Location', { headers, data: empty })).status()).toBe(201)
  await signIn(page, 'nurse')
  await page.goto('/ward')
  await expect(page).toHaveURL(/\/ward\/./)
  await expect(page.locator('[data-bed]').first()).toBeVisible()
  await page.goto(`/ward/${ward?.id}`)
  await expect(page.locator(`[data-bed=${stay.bed}]`)).toBeVisible()
  await page.goto('/patients')
  await page.goto('/ward')
  await expect(page).toHaveURL(`/ward/${ward?.id}`)
})

const WARD = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/location-physical-type', code: 'wa' }],
}
