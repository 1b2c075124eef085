import { expect, test } from '@playwright/test'

import { admit, bearer, fhir, freshStay, patientId, report, signIn } from './hub.ts'
import type { Stay } from './hub.ts'

const VALUES = ['6.90', '5.10', '4.0']

async function patientWithResults(): Promise<Stay> {
  const stay = freshStay()
  await admit(stay)
  for (const [index, value] of VALUES.entries()) {
    await report({ mrn: stay.mrn, id: `${stay.mrn}${index}`, value, flag: value === '6.90' ? 'HH' : '' })
  }
  return stay
}

test('shows on the chart what a FHIR client finds, digit by digit', async ({ page, request }) => {
  const stay = await patientWithResults()
  const id = await patientId(request, stay)
  const digits = async () => {
    const text = await fhir(request, `Observation?patient=${id}&code=http://loinc.org|2823-3`)
    return [...text.matchAll(/"valueQuantity":\{"value":([\d.]+)/g)].map(([, value]) => value)
  }
  await expect(async () => expect(await digits()).toHaveLength(VALUES.length)).toPass()
  await signIn(page, 'doctor')
  await page.goto(`/patients/${id}`)
  const banner = page.getByRole('region', { name: 'Patient' })
  await expect(banner).toContainText(`${stay.family.toUpperCase()}, Amna`)
  await expect(banner).toContainText('14-Jul-1981')
  await expect(banner).toContainText(stay.mrn)
  const twin = page.getByRole('group', { name: /Values of Potassium/ })
  const cells = twin.locator('td.number')
  // The banner is there before the results are.
  await expect(cells).toHaveCount(VALUES.length)
  expect(new Set(await cells.allTextContents())).toEqual(new Set(await digits()))
})

test('opens the field that a value came from with one click', async ({ page, request }) => {
  const stay = await patientWithResults()
  const id = await patientId(request, stay)
  await signIn(page)
  await page.goto(`/patients/${id}`)
  await page
    .getByRole('group', { name: /Values of Potassium/ })
    .getByRole('link', { name: '6.90' })
    .click()
  const field = page.locator('button[data-position][aria-pressed=true]')
  await expect(field).toHaveAttribute('data-position', /^OBX(\[1\])?-5$/)
  await expect(field).toContainText('6.90')
  await expect(field).toContainText('Value')

  await page.goto(`/patients/${id}`)
  await page
    .getByRole('region', { name: 'Patient' })
    .getByRole('link', { name: /14-Jul-1981/ })
    .click()
  await expect(page.locator('button[data-position][aria-pressed=true]')).toContainText('19810714')
})

test('prints all of a grid, whose times stand side by side', async ({ page, request }) => {
  const stay = freshStay()
  await admit(stay)
  for (let day = 1; day <= 8; day++) {
    const at = `2026-11-${String(day + 10)}T08:00:00Z`
    await report({ mrn: stay.mrn, id: `${stay.mrn}${day}`, value: `${1234 + day}.50`, flag: 'HH', at })
  }
  await signIn(page)
  await page.setViewportSize({ width: 360, height: 1000 })
  await page.goto(`/patients/${await patientId(request, stay)}`)
  const grid = page.getByRole('group', { name: 'Laboratory' }).getByRole('table')
  await expect(grid.locator('td.number')).toHaveCount(8)
  // What stands in a list on a narrow screen is a table on paper.
  const heads = page.getByRole('group', { name: 'Encounters' }).locator('thead')
  await expect(heads).toHaveCSS('position', 'absolute')
  // A sheet of A4 between margins of 1 cm.
  await page.setViewportSize({ width: 718, height: 1000 })
  await page.emulateMedia({ media: 'print' })
  await expect(heads).toHaveCSS('position', 'static')
  await expect(page.locator('.uplot canvas')).toBeVisible()
  const right = await grid.evaluate((table) => table.getBoundingClientRect().right)
  expect(right).toBeLessThanOrEqual(718)
})

test('shows a doctor the segment that a value came from, and nothing else of the message', async ({
  page,
  request,
}) => {
  const stay = await patientWithResults()
  const id = await patientId(request, stay)
  await signIn(page, 'doctor')
  await page.goto(`/patients/${id}`)
  await page
    .getByRole('group', { name: /Values of Potassium/ })
    .getByRole('link', { name: '6.90' })
    .click()
  await expect(page.getByRole('heading', { level: 1, name: 'Source of the value' })).toBeVisible()
  const field = page.locator('[data-position][aria-current=true]')
  await expect(field).toHaveText(/^OBX-5Value6.90$/)
  await expect(page.locator('[data-position]').first()).toHaveAttribute('data-position', 'OBX-1')
  // The name in the PID segment of that message is another one: it must not be told here.
  await expect(page.getByText('Someone')).toHaveCount(0)
  const trail = page.getByRole('navigation', { name: 'Where you are' })
  await trail.getByRole('link', { name: `${stay.family.toUpperCase()}, Amna` }).click()
  await expect(page.getByRole('region', { name: 'Patient' })).toBeVisible()
  await page.goto('/messages')
  await expect(page.getByRole('heading', { name: 'Not for your role' })).toBeVisible()
})

test('says what a replay would change before it does it', async ({ page, request }) => {
  const stay = await patientWithResults()
  const id = await patientId(request, stay)
  await signIn(page)
  await page.goto(`/patients/${id}`)
  await page
    .getByRole('group', { name: /Values of Potassium/ })
    .getByRole('link', { name: '6.90' })
    .click()
  await page.getByRole('button', { name: /^Replay/ }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('A replay would change nothing')
  await dialog.getByRole('button', { name: 'Replay now' }).click()
  await expect(dialog.getByRole('status')).toContainText('recorded')
})

test('says of a merged record that it is no longer the place, in the list and on its chart', async ({
  page,
  request,
}) => {
  const [kept, gone] = [freshStay(), freshStay()]
  await admit(kept)
  await admit(gone)
  const [to, from] = [await patientId(request, kept), await patientId(request, gone)]
  const link = [{ other: { reference: `Patient/${to}` }, type: 'replaced-by' }]
  const patch = [
    { op: 'add', path: '/link', value: link },
    { op: 'add', path: '/active', value: false },
  ]
  const answer = await request.patch(`/fhir/Patient/${from}`, {
    headers: { ...(await bearer(request)), 'content-type': 'application/json-patch+json' },
    data: patch,
  })
  expect(answer.status()).toBe(200)
  await signIn(page, 'doctor')
  await page.goto(`/patients?q=${gone.mrn}`)
  const row = page.getByRole('row', { name: new RegExp(gone.family, 'i') })
  await expect(row).toContainText('merged into another record')
  await row.getByRole('link').first().click()
  await page.getByRole('note').getByRole('link').click()
  await expect(page.getByRole('region', { name: 'Patient' })).toContainText(kept.family.toUpperCase())
})

test('offers no way to a page that somebody may not open', async ({ page }) => {
  const stay = freshStay()
  await admit(stay)
  await signIn(page, 'reception')
  await page.goto(`/patients?q=${stay.mrn}`)
  await expect(page.getByRole('rowheader')).toContainText(stay.family.toUpperCase())
  await expect(page.getByRole('rowheader').getByRole('link')).toHaveCount(0)
})
