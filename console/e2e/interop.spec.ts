import { randomInt } from 'node:crypto'

import { expect, test } from '@playwright/test'

import { admit, found, freshStay, patientId, result, sendText, signIn } from './hub.ts'

test('shows how the feeds are, and pauses one', async ({ page }) => {
  await signIn(page)
  await page.goto('/feeds')
  const row = page.getByRole('row', { name: /^default/ })
  await expect(row).toContainText('running')
  await row.getByRole('button', { name: 'Pause default' }).press('Enter')
  await expect(row).toContainText('paused')
  await expect(row.getByRole('button', { name: 'Start default' })).toBeFocused()
  await row.getByRole('button', { name: 'Start default' }).press('Enter')
  await expect(row).toContainText('running')
  await row.getByRole('link', { name: 'default' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'default' })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Messages since the hub started' })).toBeVisible()
})

test('leads from what a feed has rejected to the messages', async ({ page }) => {
  await sendText('MSH|^~\\&|LAB|HTEST|HUB|HTEST|20261120080000+0000||ORU^R01^ORU_R01|V9|P|9.9\rPID|1')
  await signIn(page)
  await page.goto('/feeds/default')
  await page
    .getByRole('row', { name: /^rejected/ })
    .getByRole('link')
    .click()
  await expect(
    page.getByRole('cell', { name: /The version in MSH-12 is not supported/ }).first(),
  ).toBeVisible()
})

test('stops a feed only when told twice, and says what that means', async ({ page }) => {
  const asked: unknown[] = []
  // Other tests send to this feed.
  await page.route('**/feeds/default/mode', async (route) => {
    asked.push(route.request().postDataJSON())
    await route.fulfill({ status: 409, json: {} })
  })
  await signIn(page)
  await page.goto('/feeds')
  const stop = page.getByRole('button', { name: 'Stop default' })
  const dialog = page.getByRole('dialog', { name: 'Stop default?' })
  await stop.click()
  await expect(dialog).toContainText('The port closes at once')
  await expect(dialog).toContainText(/Messages that wait in the hub, and are still processed: \d+/)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(stop).toBeFocused()
  expect(asked).toEqual([])
  await stop.click()
  await dialog.getByRole('button', { name: 'Stop the feed' }).click()
  await expect(dialog).toHaveCount(0)
  await expect.poll(() => asked).toEqual([{ mode: 'stopped' }])
})

test('lets those look who may not run the feeds', async ({ page }) => {
  await signIn(page, 'lab')
  await page.goto('/feeds')
  await expect(page.getByRole('row', { name: /^default/ })).toContainText('running')
  await expect(page.getByRole('button', { name: /Pause/ })).toHaveCount(0)
})

test('groups what failed, and brings a message through once it is mended', async ({ page, request }) => {
  const stay = freshStay()
  await admit(stay)
  const id = await patientId(request, stay)
  await sendText(result(stay.mrn, ''))
  await signIn(page)
  await page.goto('/dead-letters')
  // Others are dead for a number of a type that nobody is known by.
  const group = page.getByRole('row', { name: /which patient it is about · / })
  await expect(async () => {
    await page.reload()
    await expect(group).toBeVisible({ timeout: 1000 })
  }).toPass()
  await group.getByRole('link', { name: 'Mend the newest' }).click()
  await page.getByRole('tab', { name: 'Fields and resources' }).click()
  await expect(page.getByRole('button', { name: /^error The message does not say/ })).toContainText('PID')
  await page.getByRole('tab', { name: 'Mend' }).click()
  const text = page.getByRole('textbox', { name: 'Text of the message' })
  await expect(text).toHaveValue(/PID\|1\|\|\|\|Else/)
  await page.getByRole('button', { name: 'Check' }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'PID-3: The message does not say' })).toBeVisible()
  await text.fill((await text.inputValue()).replace('PID|1|||', `PID|1||${stay.mrn}^^^HTEST^MR|`))

  await page.reload()
  await expect(text).toHaveValue(new RegExp(`${stay.mrn}\\^`))
  await page.getByRole('button', { name: 'Check' }).click()
  await expect(page.getByRole('cell', { name: '5.60' })).toBeVisible()
  await page.getByRole('button', { name: 'Hand in the mended text' }).click()
  await expect(page.getByText(/replayed\. State: recorded/)).toBeVisible()
  await expect(page.getByText('The text below is the mended one.')).toBeVisible()
  await page.goto(`/patients/${id}`)
  await expect(page.getByRole('link', { name: '5.60' }).first()).toBeVisible()
})

test('finds a message by its control ID and shows what cannot be seen', async ({ page }) => {
  const stay = freshStay()
  await admit(stay)
  await signIn(page)
  await page.goto('/messages')
  await page.getByLabel('Control ID').fill(`A${stay.mrn}`)
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page.locator('a[data-row]')).toHaveCount(1)
  await page.locator('a[data-row]').click()
  await page.getByRole('tab', { name: 'Text' }).click()
  const raw = page.getByRole('group', { name: 'Text' })
  await expect(raw.locator('[data-name=CR]').first()).toBeVisible()
  // What is copied is the message, without the signs.
  await expect(raw).toContainText(/\|2\.5\.1\s*EVN\|\|/)
  const trail = page.getByRole('navigation', { name: 'Where you are' })
  await trail.getByRole('link', { name: 'Messages' }).click()
  await expect(page).toHaveURL(new RegExp(`controlId=A${stay.mrn}`))
})

test('finds what came about a patient, recorded or not, from the chart; the list stays as it is until asked', async ({
  page,
  request,
}) => {
  const stay = freshStay()
  await admit(stay)
  await sendText(result(stay.mrn, `${stay.mrn}^^^HTEST^MR`))
  const id = await patientId(request, stay)
  await signIn(page)
  await page.goto(`/patients/${id}`)
  await page.getByRole('link', { name: `Messages that name ${stay.mrn}` }).click()
  const rows = page.locator('a[data-row]')
  await expect(rows).toHaveCount(2)
  await expect(page.getByLabel('Patient no.')).toHaveValue(stay.mrn)

  await sendText(result(`N${stay.mrn}`, `${stay.mrn}^^^HTEST^MR`))
  const newer = page.getByRole('button', { name: 'Show 1 newer' })
  await expect(newer).toBeVisible({ timeout: 15_000 })
  await expect(rows).toHaveCount(2)
  await newer.click()
  await expect(rows).toHaveCount(3)

  await page.getByLabel('Type').fill('ADT')
  await page.getByLabel('Type').press('Enter')
  await expect(rows).toHaveCount(1)
  await expect(page.getByLabel('Type')).toBeFocused()
  await rows.click()
  // The address changes once the code of the page is there; going back earlier would leave the list.
  await expect(page).toHaveURL(/\/messages\/[^?]/)
  await page.goBack()
  await expect(page.getByLabel('Type')).toHaveValue('ADT')
  await expect(rows).toHaveCount(1)
})

test('shows what the rules make of a pasted message, and lights the field of an element', async ({
  page,
}) => {
  const mrn = `T${randomInt(1e6)}`
  await signIn(page)
  await page.goto('/mapping')
  const text = page.getByRole('textbox', { name: /Message to map/ })
  await text.fill(result(mrn, `${mrn}^^^HTEST^MR`).replaceAll('\r', '\n'))
  await page.reload()
  await expect(text).toHaveValue(new RegExp(mrn))
  await page.getByRole('button', { name: 'Map' }).click()
  const element = page.getByRole('button', { name: /Observation\.valueQuantity\.value/ })
  await expect(element).toContainText('5.60')
  await element.hover()
  await expect(page.locator('[data-position=OBX-5]')).toHaveAttribute('data-lit', 'true')
  await element.click()
  await expect(page.locator('[data-position=OBX-5]')).toHaveAttribute('aria-pressed', 'true')
})

test('marks in a pasted message what the rules refuse', async ({ page }) => {
  await signIn(page)
  await page.goto('/mapping')
  await page.getByRole('textbox', { name: /Message to map/ }).fill(result('T1', '').replaceAll('\r', '\n'))
  await page.getByRole('button', { name: 'Map' }).click()
  const findings = page.getByRole('region', { name: 'Resources' })
  await expect(findings.getByRole('button', { name: /which patient/ })).toBeVisible()
  await expect(page.locator('[data-position=OBX-5]')).toContainText('5.60')
})

test('shows the values of a resource when asked: as the message left them, and in the audit trail', async ({
  page,
  request,
}) => {
  const stay = freshStay()
  await admit(stay)
  const id = await patientId(request, stay)
  await signIn(page)
  await page.goto(`/messages?controlId=A${stay.mrn}`)
  await page.locator('a[data-row]').click()
  const resources = page.getByRole('region', { name: 'Resources' })
  const family = resources.getByRole('button', { name: /Patient\.name\[0\]\.family/ })
  await expect(family).toBeVisible()
  await expect(family).not.toContainText(stay.family)
  const read = page.waitForResponse(/\/fhir\/Patient\/[^/]+\/_history\/1$/)
  await resources.getByRole('button', { name: 'Show values' }).first().click()
  await read
  await expect(family).toContainText(stay.family)
  const trail = `AuditEvent?entity=Patient/${id}&subtype=vread`
  await found(request, trail)
})

test('does not start the replay of a cause that is replayed already', async ({ page }) => {
  await sendText(result(freshStay().mrn, ''))
  const request = { feed: 'default', from: '2026-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' }
  let cause = ''
  await page.route('**/api/v1/interop/replays', async (route) => {
    const job = { id: 'r1', by: 'x', started: '2026-11-20T08:00:00.000Z', state: 'running', progress: 0.5 }
    const counts = { done: 1, changed: 0, unchanged: 0, failed: 0 }
    await route.fulfill({ json: { jobs: [{ ...job, ...counts, request: { ...request, cause } }] } })
  })
  page.on('response', async (response) => {
    if (!response.url().endsWith('/dead-letters') || response.request().resourceType() !== 'fetch') return
    const { groups } = (await response.json()) as { readonly groups: readonly { readonly key: string }[] }
    cause = groups[0]?.key ?? ''
  })
  await signIn(page)
  await page.goto('/dead-letters')
  await expect(page.getByRole('button', { name: /^Replay all/ }).first()).toBeDisabled({ timeout: 20_000 })
})

test('opens a failed message at its title, and leads to the finding from there', async ({ page }) => {
  const { mrn } = freshStay()
  const notes = Array.from({ length: 120 }, (_, at) => `NTE|${at + 1}|L|note`)
  await sendText([result(mrn, `${mrn}^^^HTEST^MR`), ...notes].join('\r'))
  await page.route('**/api/v1/interop/messages/*', async (route) => {
    const answer = await route.fetch()
    const message = (await answer.json()) as object
    const errors = [{ code: '102', severity: 'E', at: 'NTE[100]-3', text: 'Not a note.' }]
    await route.fulfill({ response: answer, json: { ...message, errors } })
  })
  await signIn(page)
  await page.goto(`/messages?controlId=X${mrn}`)
  await page.locator('a[data-row]').click()
  const field = page.locator('[data-position="NTE[100]-3"]')
  await expect(field).toHaveAttribute('aria-pressed', 'true')
  await expect(page.getByRole('heading', { level: 1 })).toBeInViewport()
  await expect(field).not.toBeInViewport()
  await page.getByRole('button', { name: /Not a note/ }).click()
  await expect(field).toBeInViewport({ ratio: 1 })
})

test('gives up all messages of one cause, once told how many and why', async ({ page }) => {
  // A cause of its own: other tests need their failed messages.
  const kind = Array.from({ length: 10 }, () =>
    String.fromCodePoint(65 + Math.floor(Math.random() * 26)),
  ).join('')
  const numbers = Array.from({ length: 3 }, () => freshStay().mrn)
  for (const mrn of numbers) await sendText(result(mrn, `${mrn}^^^HTEST^${kind}`))
  await signIn(page)
  await page.goto('/dead-letters')
  const group = page.getByRole('row', { name: new RegExp(kind) })
  await expect(async () => {
    await page.reload()
    await expect(group.getByRole('button', { name: 'Give up all 3 …' })).toBeVisible({ timeout: 1000 })
  }).toPass()
  await group.getByRole('button', { name: 'Give up all 3 …' }).click()
  const dialog = page.getByRole('dialog', { name: 'Give up 3 failed messages?' })
  await expect(dialog).toContainText(`numbers of type ${kind}`)
  const give = dialog.getByRole('button', { name: 'Give up 3 messages' })
  await expect(give).toBeDisabled()
  await dialog.getByLabel('Reason').fill('a test of the sender')
  await give.click()
  // Before the page asks by itself, every 15 s.
  await expect(group).toHaveCount(0, { timeout: 6000 })
  await page.goto(`/messages?controlId=X${numbers[0] ?? ''}`)
  await page.locator('a[data-row]').click()
  await expect(page.getByText('a test of the sender').first()).toBeVisible()
})
