import { expect, test } from '@playwright/test'

import { admit, found, freshStay, merge, patientId, signIn } from './hub.ts'

test('shows who was merged into whom, and takes it back after asking', async ({ page, request }) => {
  const [kept, gone] = [freshStay(), freshStay()]
  await admit(kept)
  await admit(gone)
  const id = await patientId(request, gone)
  await found(request, `Encounter?subject=Patient/${id}`)
  await merge(kept, gone)
  await signIn(page, 'reception')
  await page.goto('/merges')
  await page.getByRole('textbox', { name: 'Number of a patient or visit' }).fill(gone.mrn)
  await page.keyboard.press('Enter')
  const row = page.getByRole('row').filter({ hasText: gone.mrn })
  await expect(row).toContainText(kept.mrn)
  await expect(row.getByText(/done/)).toBeVisible({ timeout: 15_000 })
  await row.getByRole('link').press('Enter')
  await expect(page.getByRole('region', { name: 'Resources whose references changed' })).toContainText(
    'Encounter 1',
  )
  await page.getByRole('button', { name: /^Take back/ }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('1 resources refer to the record of before again')
  await dialog.getByRole('button', { name: 'Take back' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Taken back: 1 resources' })).toBeVisible()
  await expect(page.locator('dd').getByText(/taken back/)).toBeVisible()
  await found(request, `Encounter?subject=Patient/${id}`)
})

test('says so when no merge has the number', async ({ page }) => {
  await signIn(page, 'nurse')
  await page.goto('/merges?number=nobody')
  await expect(page.getByText('No message merged anything that has the number nobody.')).toBeVisible()
})

test('leads from the chart of a merged record to its merge', async ({ page, request }) => {
  const [kept, gone] = [freshStay(), freshStay()]
  await admit(kept)
  await admit(gone)
  const id = await patientId(request, gone)
  await merge(kept, gone)
  await signIn(page, 'nurse')
  await page.goto(`/patients/${id}`)
  await page.getByRole('link', { name: 'How it was merged' }).click()
  const row = page.getByRole('row').filter({ hasText: gone.mrn })
  await expect(row).toContainText(kept.mrn)
  // A nurse sees it, and takes nothing back.
  await expect(row.getByRole('button')).toHaveCount(0)
})
