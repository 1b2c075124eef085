import { expect, test } from '@playwright/test'

import { admit, fhir, found, freshStay, report, signIn } from './hub.ts'

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
