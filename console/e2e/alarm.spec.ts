import { expect, test, type APIRequestContext, type Page } from '@playwright/test'

import { admit, found, freshStay, patientId, signIn, type Stay } from './hub.ts'
import { associate, measure } from './monitor.ts'

interface Alarm {
  readonly id: string
  readonly contained: readonly {
    readonly valueQuantity: { readonly value: number }
    readonly referenceRange: readonly { readonly high: { readonly value: number } }[]
  }[]
}

/** The bar shows the alarms of the whole hub: no other test raises any, and those here follow each other. */
test.describe.configure({ mode: 'serial' })

/** A patient at a monitor, and a nurse who has the console open; what is open when it first looks is not announced. */
async function monitored(page: Page, request: APIRequestContext): Promise<Stay & { readonly id: string }> {
  const stay = freshStay()
  await admit(stay)
  const id = await patientId(request, stay)
  await associate(request, stay.mrn, id)
  await signIn(page, 'nurse')
  const looked = page.waitForResponse('**/api/v1/alarms')
  await page.goto('/patients')
  await (await looked).finished()
  return { ...stay, id }
}

test('shows an open alarm over every page until it ends, also after a reload, and who takes care of it is on record', async ({
  page,
  request,
}) => {
  const { id, ...stay } = await monitored(page, request)
  const bar = page.getByRole('region', { name: 'Open alarms' })
  await expect(bar).toHaveCount(0)
  await page.evaluate('globalThis.sameDocument = true')

  await measure(stay.mrn, [131, 132, 133])
  await expect(bar).toContainText('HR 133 > 120')
  await expect(bar).toContainText(`${stay.family.toUpperCase()}, Amna`)
  await expect(bar).toContainText(stay.bed)
  await expect(page.getByRole('alert').filter({ hasText: 'HR' })).toHaveText(/^Alarm, bed .*: HR 133 > 120$/)
  expect(await page.evaluate('globalThis.sameDocument')).toBe(true)

  const [flag] = (await found(request, `Flag?subject=Patient/${id}`)) as unknown as readonly Alarm[]
  const reading = flag?.contained[0]
  await page.reload()
  await expect(bar).toContainText(
    `HR ${reading?.valueQuantity.value} > ${reading?.referenceRange[0]?.high.value}`,
  )
  await expect(page.getByRole('alert').filter({ hasText: 'HR' })).toHaveCount(0)

  await bar.getByRole('button', { name: 'Acknowledge' }).click()
  await expect(bar).toContainText('acknowledged: now')
  await expect(bar.getByRole('button', { name: 'Acknowledge' })).toHaveCount(0)
  const [taken] = await found(request, `Communication?_id=${flag?.id}`)
  expect(taken).toMatchObject({
    status: 'completed',
    subject: { reference: `Patient/${id}` },
    about: [{ reference: `Flag/${flag?.id}` }],
  })
  await bar.getByRole('link').click()
  await expect(page.getByRole('region', { name: 'Patient' })).toContainText(stay.mrn)
  await page.reload()
  await expect(bar).toContainText('acknowledged')

  await measure(stay.mrn, [90])
  await expect(bar).toHaveCount(0)
})

test('lists the other open alarms, and leads to each patient', async ({ page, request }) => {
  const stays = [freshStay(), freshStay(), freshStay()]
  for (const stay of stays) {
    await admit(stay)
    const id = await patientId(request, stay)
    await associate(request, stay.mrn, id)
  }
  await signIn(page, 'nurse')
  await page.goto('/patients')
  const bar = page.getByRole('region', { name: 'Open alarms' })
  for (const stay of stays) await measure(stay.mrn, [131, 132, 133])
  await expect(bar).toHaveAttribute('data-alarms', '3')
  const more = bar.getByRole('button', { name: /more$/ })
  await more.press('Enter')
  const items = page.getByRole('menuitem')
  await expect(items).toHaveCount(2)
  // An open menu hides the bar from roles; whose alarm it shows is told once the person is read.
  const shown = page.locator('[data-alarms]')
  await expect(shown).toContainText(new RegExp(stays.map(({ family }) => family).join('|'), 'i'))
  const inBar = await shown.innerText()
  const others = stays.filter(({ family }) => !inBar.includes(family.toUpperCase()))
  expect(others).toHaveLength(2)
  for (const { family } of others)
    await expect(items.filter({ hasText: family.toUpperCase() })).toContainText('HR 133 > 120')
  const [other] = others
  await items.filter({ hasText: other?.family.toUpperCase() ?? '' }).click()
  await expect(page.getByRole('region', { name: 'Patient' })).toContainText(other?.mrn ?? '')
  await expect(items).toHaveCount(0)
  for (const stay of stays) await measure(stay.mrn, [90])
  await expect(bar).toHaveCount(0)
})

test('stays over an open dialog, is told to screen readers and can be acknowledged there', async ({
  page,
  request,
}) => {
  const stay = await monitored(page, request)
  await page.keyboard.press('?')
  const dialog = page.getByRole('dialog')
  await expect(dialog).toBeVisible()

  await measure(stay.mrn, [131, 132, 133])
  await expect(page.getByRole('alert').filter({ hasText: 'HR' })).toHaveText(/HR 133 > 120$/)
  const bar = page.locator('[data-alarms]')
  const [above, below] = [await bar.boundingBox(), await page.locator('.MuiDialog-root').boundingBox()]
  expect(below?.y).toBe((above?.y ?? 0) + (above?.height ?? 0))
  await bar.getByText('Acknowledge').click()
  await expect(bar).toContainText('acknowledged: now')
  await expect(dialog).toBeVisible()
  await measure(stay.mrn, [90])
  await expect(bar).toHaveCount(0)
})

test('does not offer to acknowledge to whom it is not given', async ({ request }) => {
  const login = await request.post('/auth/login', { data: { login: 'admin', password: 'demo' } })
  const { access_token: token } = (await login.json()) as { readonly access_token: string }
  const answer = await request.post('/api/v1/alarms/some/acknowledge', {
    headers: { authorization: `Bearer ${token}` },
    data: {},
  })
  expect(answer.status()).toBe(403)
})
