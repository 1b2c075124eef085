import { readFile } from 'node:fs/promises'

import { expect, test } from '@playwright/test'

import { freshStay, result, sendText, signIn } from './hub.ts'

test('shows a long message in parts, finds what is in the others, and leads there from a resource', async ({
  page,
}) => {
  const { mrn } = freshStay()
  const notes = Array.from({ length: 120 }, (_, at) => `NTE|${at + 1}|L|note ${at + 1} of many`)
  await sendText([result(mrn, `${mrn}^^^HTEST^MR`), ...notes].join('\r'))
  await signIn(page)
  await page.goto(`/messages?controlId=X${mrn}`)
  await page.locator('a[data-row]').click()
  const last = page.locator('[data-position="NTE[120]-3"]')
  await expect(page.locator('[data-position=PID-3]')).toBeVisible()
  await expect(last).toHaveCount(0)
  expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(10_000)
  await page.getByLabel('Find in all segments').fill('note 120 of')
  await expect(last).toBeVisible()
  await expect(page.locator('[data-position=PID-3]')).toHaveCount(0)
  await last.click()
  await expect(page.getByLabel('Find in all segments')).toHaveValue('note 120 of')
  await page.getByRole('button', { name: /Patient\.identifier\[0\]\.value/ }).click()
  await expect(page.locator('[data-position=PID-3]')).toBeInViewport()
  await page.getByRole('button', { name: 'Later ones' }).first().click()
  await expect(page.getByText('51 to 100 of 124').first()).toBeVisible()
})

test('saves a long message whole', async ({ page }) => {
  const { mrn } = freshStay()
  const notes = Array.from({ length: 1200 }, (_, at) => `NTE|${at + 1}|L|${'x'.repeat(80)}`)
  const text = [result(mrn, `${mrn}^^^HTEST^MR`), ...notes].join('\r')
  await sendText(text)
  await signIn(page)
  await page.goto(`/messages?controlId=X${mrn}`)
  await page.locator('a[data-row]').click()
  await page.getByRole('tab', { name: 'Text' }).click()
  await expect(page.getByText('Only the beginning of this long message')).toBeVisible()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save whole message' }).click()
  const file = await saved
  expect(file.suggestedFilename()).toBe(`default-X${mrn}.hl7`)
  const bytes = await readFile(await file.path())
  expect(bytes.toString().trimEnd()).toBe(text)
})
