import { expect, test } from '@playwright/test'

import { freshStay, result, sendText, signIn } from './hub.ts'

// The ways between the pages: forward, back, and where one cannot go on.

test('comes back to the place in a list that somebody left', async ({ page }) => {
  const { mrn } = freshStay()
  for (let count = 0; count < 30; count += 1) {
    await sendText(result(mrn, `${mrn}^^^HTEST^MR`).replace(`X${mrn}`, `X${count}${mrn}`))
  }
  await signIn(page)
  await page.goto(`/messages?number=${mrn}`)
  const rows = page.locator('a[data-row]')
  await expect(rows).toHaveCount(30)
  await rows.nth(29).scrollIntoViewIfNeeded()
  const before = Number(await page.evaluate('scrollY'))
  expect(before).toBeGreaterThan(300)
  await rows.nth(29).click()
  await expect(page.getByRole('tab', { name: 'Course' })).toBeVisible()
  expect(await page.evaluate('scrollY')).toBe(0)
  await page.goBack()
  await expect(rows).toHaveCount(30)
  await expect.poll(() => page.evaluate('scrollY')).toBe(before)
})

test('says that the code of a page cannot be loaded, and shows the page by itself once it can', async ({
  page,
}) => {
  await signIn(page)
  await page.goto('/patients')
  await page.route(/\/assets\/feeds\.page/, (route) => route.abort())
  await page.route(/:\d+\/$/, (route) => route.abort())
  await page.getByRole('link', { name: 'Feeds' }).click()
  // Others break rules meanwhile, which every page says, too.
  const problem = page.getByRole('alert').filter({ hasText: 'The hub cannot be reached' })
  await expect(problem).toBeVisible({ timeout: 15_000 })
  await page.unrouteAll()
  await expect(page.getByRole('heading', { level: 1, name: 'Feeds' })).toBeVisible({ timeout: 15_000 })
})
