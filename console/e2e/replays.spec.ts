import { expect, test } from '@playwright/test'

import { signIn } from './hub.ts'

test('reads the failed messages again as soon as their replay has ended', async ({ page }) => {
  let state = 'running'
  const time = '2026-11-20T08:00:00.000Z'
  const text = 'The message does not say which patient it is about'
  const about = { key: 'k', feed: 'default', type: 'ORU^R01', code: '101', text, count: 120 }
  const group = { ...about, oldest: time, newest: time, example: '0688ada73d0c0093e3' }
  await page.route('**/api/v1/interop/dead-letters', async (route) => {
    await route.fulfill({ json: { groups: state === 'done' ? [] : [group], isCut: false } })
  })
  await page.route('**/api/v1/interop/replays', async (route) => {
    const request = { feed: 'default', from: time, to: '2026-11-20T08:00:00.001Z', cause: 'k' }
    const counts = { progress: 0.5, done: 60, changed: 60, unchanged: 0, failed: 0 }
    await route.fulfill({ json: { jobs: [{ id: 'r', by: 'x', started: time, state, request, ...counts }] } })
  })
  await signIn(page)
  await page.goto('/dead-letters')
  await expect(page.getByRole('button', { name: 'Replay all 120' })).toBeDisabled()
  state = 'done'
  await expect(page.getByText('Nothing has failed.')).toBeVisible({ timeout: 6000 })
})
