import { expect, test } from '@playwright/test'

import { admit, freshStay, patientId, signIn } from './hub.ts'

test('says what is wrong, then lets a nurse in and out', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('Enter your user name.')).toBeVisible()
  await page.getByLabel('User name').fill('nurse')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toHaveText('User name or password is wrong.')
  await page.getByLabel('Password').fill('demo')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('navigation').getByRole('link')).toHaveText([
    'Ward',
    'Patients',
    'Conflicts',
    'Merges',
  ])
  await page.goto('/messages')
  await expect(page.getByRole('heading', { name: 'Not for your role' })).toBeVisible()
  await page.getByRole('button', { name: /Signed in as/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})

test('runs no inline code and loads at most 240 KiB of JavaScript up to the first page', async ({ page }) => {
  const violations: string[] = []
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text())
  })
  const sizes: Promise<number>[] = []
  page.on('response', (response) => {
    if (!response.url().endsWith('.js')) return
    expect(response.headers()['content-encoding']).toBe('br')
    sizes.push(
      response
        .request()
        .sizes()
        .then(({ responseBodySize }) => responseBodySize),
    )
  })
  const answer = await page.goto('/sign-in')
  expect(answer?.headers()['content-security-policy']).not.toContain('unsafe')
  await signIn(page)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  expect(total).toBeGreaterThan(100 * 1024)
  expect(total).toBeLessThanOrEqual(240 * 1024)
  expect(violations).toEqual([])
})

test('finds its way by keys', async ({ page }) => {
  await signIn(page)
  await page.goto('/patients')
  await expect(page.getByRole('heading', { level: 1, name: 'Patients' })).toBeVisible()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Shortcut keys' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await expect(page.getByRole('heading', { level: 1, name: 'Messages' })).toBeVisible()
  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).toBeFocused()
})

test('leads to pages, patients and actions from one field', async ({ page, request }) => {
  const stay = freshStay()
  await admit(stay)
  await patientId(request, stay)
  await signIn(page)
  await page.keyboard.press('Control+k')
  const field = page.getByRole('combobox')
  await expect(field).toBeFocused()
  await page.keyboard.type('mess')
  await expect(page.getByRole('option')).toHaveText([/^Messages/, /^Failed messages/])
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Messages' })).toBeVisible()

  await page.keyboard.press('Control+k')
  await page.keyboard.type(stay.mrn)
  await expect(page.getByRole('option', { name: `${stay.family.toUpperCase()}, Amna` })).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('region', { name: 'Patient' })).toContainText(stay.mrn)

  await page.keyboard.press('Control+k')
  await page.keyboard.type('appearance dark')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark')
})

test('leaves nothing of one person to the next one in the same tab', async ({ page, request }) => {
  const stay = freshStay()
  await admit(stay)
  const id = await patientId(request, stay)
  await signIn(page, 'doctor')
  await page.goto(`/patients/${id}`)
  await expect(page.getByRole('region', { name: 'Patient' })).toContainText(stay.mrn)
  await page.getByRole('button', { name: /Signed in as/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  const kept = String(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })'))
  expect(kept).not.toContain(stay.family.toUpperCase())
})
