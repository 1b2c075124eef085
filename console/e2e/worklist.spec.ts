import { expect, test } from '@playwright/test'

import { admit, bearer, found, freshStay, patientId, sendText, signIn, transfer } from './hub.ts'

test('says in words what is wrong with a number', async ({ page }) => {
  const { mrn, family } = freshStay()
  const told = (at: number, other: string) =>
    sendText(
      [
        `MSH|^~\\&|WARD|HTEST|HUB|HTEST|2026112008000${at}+0000||ADT^A31^ADT_A05|N${at}${mrn}|P|2.5.1`,
        `EVN||2026112008000${at}+0000`,
        `PID|1||${mrn}^^^HTEST^MR~${other}^^^HTEST^PI||${family}^Amna`,
      ].join('\r'),
    )
  expect(await told(1, `A${mrn}`)).toContain('MSA|AA|')
  expect(await told(2, `B${mrn}`)).toContain('MSA|AA|')
  await signIn(page)
  await page.goto('/worklist')
  const row = page.getByRole('row').filter({ hasText: `A${mrn}` })
  await expect(async () => {
    await page.reload()
    await expect(row).toBeVisible({ timeout: 1000 })
  }).toPass()
  await expect(row).toContainText('No record has this number any more.')
  await row.getByRole('button', { name: /^Keep the record/ }).press('Enter')
  await expect(row).toHaveCount(0)
  await expect(page.getByRole('status').filter({ hasText: 'The record was kept' })).toBeVisible()
  await page.getByRole('button', { name: 'Take the decision back' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'was taken back' })).toBeVisible()
  await expect(row).toBeVisible()
  await row.getByRole('button', { name: /^Keep the record/ }).press('Enter')
  await expect(row).toHaveCount(0)
  // Any decision, not only the latest one of this page.
  await page.getByRole('link', { name: 'Decisions of the last 7 days' }).click()
  await expect(row).toContainText('record kept Mary Wani')
  await row.getByRole('button', { name: /^Take back/ }).press('Enter')
  await expect(row).toHaveCount(0)
  await page.goto('/worklist')
  await row.getByRole('button', { name: /^Keep the record/ }).press('Enter')
  await expect(row).toHaveCount(0)
  // The keyboard stays on the page: on no other decision, so that a key that is held down makes none.
  await expect(page.locator('main:focus, main a:focus')).toHaveCount(1)
})

test('has the decisions of a conflict on the screen, and times and places as people read them', async ({
  page,
  request,
}) => {
  const stay = freshStay()
  await admit(stay)
  const id = await patientId(request, stay)
  const [encounter] = await found(request, `Encounter?subject=Patient/${id}`)
  const [ward] = await found(request, `Location?name=${stay.ward}`)
  const moved = {
    ...encounter,
    location: [{ location: { reference: `Location/${ward?.id}` }, status: 'active' }],
    period: { start: '2026-11-20T08:00:00+00:00' },
  }
  const headers = await bearer(request)
  expect((await request.put(`/fhir/Encounter/${encounter?.id}`, { headers, data: moved })).status()).toBe(200)
  const again = { ...stay, bed: `${stay.bed}2` }
  await transfer(again)
  await signIn(page)
  await page.setViewportSize({ width: 1280, height: 860 })
  await page.goto('/worklist')
  const row = page.getByRole('row').filter({ hasText: stay.mrn }).filter({ hasText: 'Encounter.location' })
  await expect(async () => {
    await page.reload()
    await expect(row).toBeVisible({ timeout: 1000 })
  }).toPass()
  await expect(row).toContainText(`${stay.ward} · 1 · ${again.bed}`)
  await expect(row).not.toContainText('Location/')
  for (const name of [/^Keep the record/, /^Take the message/])
    await expect(row.getByRole('button', { name })).toBeInViewport({ ratio: 1 })
})
