import { readdir, stat } from 'node:fs/promises'

import { expect, test } from '@playwright/test'

import { admit, freshStay, patientId, signIn } from './hub.ts'

const KIB = 1024
const ASSETS = new URL('../dist/assets/', import.meta.url)
/** What every page shares, and is loaded once: bounded together by the test of the first page. */
const SHARED = /^(?:react|mui|index|site|problem-card|page|sign-in\.page)-/
const VITALS = /^trend-chart-/

async function sizes(ending: string): Promise<ReadonlyMap<string, number>> {
  const names = (await readdir(ASSETS)).filter((name) => name.endsWith(ending))
  const files = await Promise.all(names.map(async (name) => (await stat(new URL(name, ASSETS))).size))
  return new Map(names.map((name, index) => [name, files[index] ?? 0]))
}

test('keeps each page below 40 KiB, the curve below 60 KiB and a language below 30 KiB, compressed', async () => {
  const pieces = await sizes('.js.gz')
  const pages = [...pieces].filter(([name]) => !SHARED.test(name) && !VITALS.test(name))
  expect(pages.length).toBeGreaterThan(8)
  expect(pages.filter(([, bytes]) => bytes > 40 * KIB)).toEqual([])
  const curves = [...pieces].filter(([name]) => VITALS.test(name))
  expect(curves).toHaveLength(1)
  expect(curves.filter(([, bytes]) => bytes > 60 * KIB)).toEqual([])
  const languages = await sizes('.json.gz')
  expect([...languages].filter(([, bytes]) => bytes > 30 * KIB)).toEqual([])
})

for (const language of ['en', 'ar'] as const) {
  test(`loads at most 120 KiB of fonts for all pages (${language})`, async ({ page, request }) => {
    const stay = freshStay()
    await admit(stay)
    const id = await patientId(request, stay)
    const loaded = new Set<string>()
    page.on('response', (response) => {
      if (response.url().endsWith('.woff2')) loaded.add(response.url().split('/').at(-1) ?? '')
    })
    await signIn(page, 'admin', { language })
    for (const address of ['/ward', `/patients/${id}`, '/messages', '/feeds']) {
      await page.goto(address)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await page.evaluate('document.fonts.ready')
    }
    const files = await sizes('.woff2')
    const all = [...loaded].reduce((sum, name) => sum + (files.get(name) ?? Number.NaN), 0)
    expect(all).toBeGreaterThan(20 * KIB)
    expect(all).toBeLessThanOrEqual(120 * KIB)
  })
}
