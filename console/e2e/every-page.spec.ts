import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test } from '@playwright/test'

import { admit, found, freshStay, merge as mergeInto, patientId, report, signIn } from './hub.ts'
import type { Look } from './hub.ts'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const LOOKS: readonly Look[] = [
  { theme: 'light', language: 'en' },
  { theme: 'dark', language: 'en' },
  { theme: 'contrast', language: 'fr' },
  { theme: 'light', language: 'ar' },
]

const stay = freshStay()
const gone = freshStay()
const addresses: string[] = []
/** Pages that lead those on who may open messages, with the login of somebody who may not. */
const others: string[] = []

test.beforeAll(async ({ request, browser }) => {
  await admit(stay)
  await report({ mrn: stay.mrn, id: `${stay.mrn}0`, value: '6.90', flag: 'HH' })
  await report({ mrn: stay.mrn, id: `${stay.mrn}1`, value: '4.0', flag: '' })
  await admit(gone)
  await mergeInto(stay, gone)
  const id = await patientId(request, stay)
  const page = await browser.newPage()
  await signIn(page)
  await page.goto('/messages')
  const message = await page.locator('a[data-row]').first().getAttribute('href')
  await page.goto('/destinations/pharmacy')
  const sent = await page.locator('a[data-row]').first().getAttribute('href')
  await page.goto(`/merges?number=${stay.mrn}`)
  const merge = await page.locator('a[data-row]').first().getAttribute('href')
  await page.close()
  const [result] = await found(request, `Observation?subject=Patient/${id}`)
  others.push(`/source/Observation/${result?.id}`)
  addresses.push(
    '/ward',
    '/patients',
    `/patients/${id}`,
    '/messages',
    String(message),
    `${message}?tab=course`,
    `${message}?tab=text`,
    `${message}?tab=mend`,
    '/feeds',
    '/feeds/default',
    '/feeds/default/learn',
    '/destinations',
    '/destinations/pharmacy',
    String(sent),
    '/dead-letters',
    '/dead-letters?replay=default',
    '/mapping',
    '/worklist',
    '/worklist/decided',
    '/merges',
    String(merge),
    '/nowhere',
  )
})

/** The page has its content: no skeleton, no movement. */
async function settled(page: Page): Promise<void> {
  // By its tag: behind an open dialog it is hidden from readers.
  await expect(page.locator('h1')).toBeVisible()
  await expect(page.locator('main [role=status]')).toHaveCount(0)
  await expect.poll(() => page.evaluate('document.getAnimations().length')).toBe(0)
}

for (const look of LOOKS) {
  test(`has no barrier that axe knows (${look.theme}, ${look.language})`, async ({ page }) => {
    test.setTimeout(240_000)
    await visit(page, look, async (address) => {
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
      expect(violations.map(({ id, nodes }) => [address, id, nodes[0]?.target])).toEqual([])
    })
  })
}

test('has no text outside of the language files', async ({ page }) => {
  test.setTimeout(240_000)
  // The French file is replaced by one whose every text stands in brackets: what has none is not translated.
  await page.route(/\/assets\/fr-.*\.json$/, async (route) => {
    const texts = (await (await route.fetch()).json()) as Readonly<Record<string, string>>
    await route.fulfill({
      json: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, `⟦${text}⟧`])),
    })
  })
  await visit(page, { language: 'fr' }, async (address) => {
    expect(await untranslated(page), address).toEqual([])
  })
})

/** Every page as somebody sees it who may open it. */
async function visit(page: Page, look: Look, check: (address: string) => Promise<void>): Promise<void> {
  for (const [login, theirs] of [
    ['admin', addresses],
    ['nurse', others],
  ] as const) {
    await signIn(page, login, look)
    for (const address of theirs) {
      await page.goto(address)
      await settled(page)
      await check(address)
    }
    // The session ends with the tab; the next one to sign in has the same.
    await page.evaluate('sessionStorage.clear()')
  }
}

/** Texts and labels with letters that are neither in brackets, nor data (isolated), nor marked as not to be translated. */
async function untranslated(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const bare = (text) => text.replace(/⟦[^⟧]*⟧/gu, '').match(/\\p{L}{2,}/u) !== null
    const data = 'bdi, [translate=no], [dir=ltr], [dir=auto], kbd, style, script, title, h1'
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = []
    while (walker.nextNode()) {
      const { parentElement, textContent } = walker.currentNode
      if (parentElement.closest(data) || parentElement.closest('[data-row]')) continue
      if (bare(parentElement.textContent.includes('⟦') ? parentElement.textContent : textContent)) found.push(textContent)
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
      if (element.closest('[translate=no], [dir=auto], th')) continue
      for (const name of ['aria-label', 'title', 'placeholder']) {
        const text = element.getAttribute(name)
        if (text && !text.includes('⟦') && !/\\d{2}:\\d{2}$|^ADT/.test(text)) found.push(name + ': ' + text)
      }
    }
    return found
  })()`)
}
