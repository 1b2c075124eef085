import { expect, test } from '@playwright/test'

import { freshStay, result, sendText, signIn } from './hub.ts'

// What failed: where it is counted, and how it is tried again.

test('leads from what failed in the last hour to these messages, whoever refused them', async ({ page }) => {
  const { mrn } = freshStay()
  await sendText(result(mrn, ''))
  await sendText(`MSH|^~\\&|LAB|HTEST|HUB|HTEST|20261120080000+0000||ORU^R01|Y${mrn}|P|9.9\rPID|1`)
  await signIn(page)
  await page.goto('/feeds')
  const failed = page.getByRole('definition').filter({ has: page.getByRole('link') })
  await expect(async () => {
    await page.reload()
    await expect(failed).toBeVisible({ timeout: 2000 })
  }).toPass()
  await failed.getByRole('link').click()
  await expect(page.getByLabel('State')).toHaveValue('failed')
  for (const controlId of [`X${mrn}`, `Y${mrn}`])
    await expect(page.getByRole('cell', { name: controlId })).toBeVisible()
})

test('replays all messages of a cause only when told twice, and says what became of the newest', async ({
  page,
}) => {
  const kind = Array.from(freshStay().mrn.slice(3), (digit) => String.fromCodePoint(65 + Number(digit))).join(
    '',
  )
  const numbers = [freshStay().mrn, freshStay().mrn]
  for (const mrn of numbers) await sendText(result(mrn, `${mrn}^^^HTEST^${kind}`))
  await signIn(page)
  await page.goto('/dead-letters')
  const group = page.getByRole('row', { name: new RegExp(kind) })
  const open = group.getByRole('button', { name: 'Replay all 2 …' })
  await expect(async () => {
    await page.reload()
    await expect(open).toBeVisible({ timeout: 1000 })
  }).toPass()
  await open.click()
  const dialog = page.getByRole('dialog', { name: 'Replay 2 failed messages?' })
  await expect(dialog.getByRole('status')).toContainText(/would fail again:.*which patient/)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(open).toBeFocused()
  const started = page.waitForResponse(
    (answer) => answer.url().endsWith('/interop/replays') && answer.request().method() === 'POST',
  )
  await open.click()
  await dialog.getByRole('button', { name: 'Replay 2 messages' }).click()
  expect((await started).status()).toBeLessThan(300)
  await expect(dialog).toHaveCount(0)
  // They failed again, and are counted again.
  await expect(open).toBeEnabled({ timeout: 20_000 })
})
