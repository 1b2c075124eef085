import { expect, test } from '@playwright/test'

import { admit, freshStay, patientId, result, sendText, signIn } from './hub.ts'

// The interface pages on other screens, in other directions and without a mouse.

test('sets the value of an element below the beginning of its name on an Arabic page', async ({ page }) => {
  await signIn(page, 'admin', { language: 'ar' })
  await page.goto('/mapping')
  await page.locator('textarea').fill(result('T1', 'T1^^^HTEST^MR').replaceAll('\r', '\n'))
  await page.locator('main button[type=submit]').click()
  const texts = page.locator('button', { hasText: 'valueQuantity.value' }).locator('span > bdi')
  await expect(texts).toHaveText([/valueQuantity\.value/, '5.60'])
  const starts = (await texts.all()).map(async (text) => {
    const box = await text.boundingBox()
    return Math.round((box?.x ?? 0) + (box?.width ?? 0))
  })
  const [name, value] = await Promise.all(starts)
  expect(value).toBe(name)
})

test('shows what is chosen in the contrast mode of the system, too', async ({ page }) => {
  const { mrn } = freshStay()
  await sendText(result(mrn, `${mrn}^^^HTEST^MR`))
  await signIn(page)
  await page.emulateMedia({ forcedColors: 'active' })
  await page.goto(`/messages?controlId=X${mrn}`)
  await page.locator('a[data-row]').click()
  const start = (css: string) =>
    page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(css)})).borderInlineStartColor`)
  await page.locator('[data-position=PID-3]').click()
  expect(await start('[data-position=PID-3]')).not.toBe(await start('[data-position=PID-5]'))
  expect(await start('nav a[href="/messages"].active')).not.toBe(await start('nav a[href="/feeds"]'))
})

test('shows where the focus is at each stop of the keyboard', async ({ page }) => {
  await sendText(result(freshStay().mrn, ''))
  await signIn(page)
  // The outline is that of the element, or of the field around it.
  const focused = `(() => {
    const element = document.activeElement
    const isShown = [element, element.parentElement].some((one) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(one)
      return outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2
    })
    return element === document.body ? '' : isShown ? 'shown' : element.outerHTML.slice(0, 200)
  })()`
  for (const address of ['/feeds/default', '/messages?state=dead', '/dead-letters', '/mapping']) {
    await page.goto(address)
    await expect(page.locator('h1')).toBeVisible()
    await expect(page.locator('main [role=status]')).toHaveCount(0)
    const stops: unknown[] = []
    while (stops.length < 60 && stops.at(-1) !== '') {
      await page.keyboard.press('Tab')
      stops.push(await page.evaluate(focused))
    }
    expect(stops.length, address).toBeGreaterThan(15)
    expect(
      stops.filter((stop) => stop !== 'shown' && stop !== ''),
      address,
    ).toEqual([])
  }
})

test('has the whole head of the page on a phone, with the longest words and lines', async ({ page }) => {
  await signIn(page, 'admin', { language: 'fr', theme: 'contrast' })
  await page.setViewportSize({ width: 360, height: 780 })
  await page.goto('/merges')
  await expect(page.locator('h1')).toBeVisible()
  const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  expect(await page.evaluate(over)).toBe(0)
})

test('keeps the table of failed messages within its page, whatever stands in it', async ({ page }) => {
  const long = {
    key: 'k',
    feed: 'laboratory-north-wing',
    type: 'ORU^R01',
    code: '103',
    at: 'OBX[12]-5[3].4.2',
    text: 'The code "A_LONG_CODE_OF_THE_SENDER" has no meaning here',
    count: 12_000,
    oldest: '2026-11-28T08:12:00Z',
    newest: '2026-11-30T19:05:00Z',
    example: '0688b68855b400e68f',
  }
  await page.route('**/interop/dead-letters', (route) =>
    route.fulfill({ json: { groups: [long], isCut: false } }),
  )
  await signIn(page, 'admin', { language: 'ar' })
  for (const width of [1024, 1280, 1440]) {
    await page.setViewportSize({ width, height: 800 })
    await page.goto('/dead-letters')
    await expect(page.locator('main tbody button').first()).toBeVisible()
    const over = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('main [role=group]'))`
    expect(await page.evaluate(over), `at ${width}`).toBe(0)
  }
})

test('keeps within the width of a phone and of a tablet, in both directions', async ({ page }) => {
  test.setTimeout(120_000)
  const widths = { phone: { width: 360, height: 780 }, tablet: { width: 768, height: 1024 } } as const
  await signIn(page, 'admin', { language: 'ar' })
  for (const size of Object.values(widths)) {
    await page.setViewportSize(size)
    for (const address of [
      '/ward',
      '/patients',
      '/worklist',
      '/destinations/pharmacy',
      '/feeds',
      '/feeds/default',
      '/messages',
      '/dead-letters?replay=default',
      '/mapping',
    ]) {
      await page.goto(address)
      await expect(page.locator('h1')).toBeVisible()
      await expect(page.locator('main [role=status]')).toHaveCount(0)
      const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      expect(await page.evaluate(over), `${address} at ${size.width}`).toBe(0)
    }
    await page.goto('/dead-letters?replay=default')
    await expect(page.getByRole('dialog')).toBeVisible()
    const content = `document.querySelector('.MuiDialogContent-root')`
    expect(await page.evaluate(`${content}.scrollWidth - ${content}.clientWidth`)).toBe(0)
  }
})

test('stands rows of tables under each other on a phone, and keeps the filters behind a button', async ({
  page,
  request,
}) => {
  const stay = freshStay()
  await admit(stay)
  await patientId(request, stay)
  const { mrn } = freshStay()
  await sendText(result(mrn, ''))
  await signIn(page)
  await page.setViewportSize({ width: 360, height: 780 })
  for (const address of ['/messages', '/dead-letters', '/feeds', '/destinations', '/patients']) {
    await page.goto(address)
    const table = page.locator('main [role=group]:has(table)')
    await expect(table.locator('[data-row]').first(), address).toBeVisible()
    const over = await table.evaluate((group) => group.scrollWidth - group.clientWidth)
    expect(over, address).toBe(0)
  }
  await page.goto(`/messages?controlId=X${mrn}&state=dead`)
  const filters = page.getByRole('button', { name: 'Filters (2 in force)' })
  await expect(page.getByLabel('Control ID')).toBeHidden()
  await filters.click()
  await expect(filters).toHaveAttribute('aria-expanded', 'true')
  await expect(page.getByLabel('Control ID')).toHaveValue(`X${mrn}`)
})

test('has the name of a feed and what can be done with it in sight beside the wide rail', async ({
  page,
}) => {
  await signIn(page)
  await page.setViewportSize({ width: 900, height: 700 })
  await page.goto('/feeds')
  await page.getByRole('button', { name: 'Stop default' }).focus()
  const table = page.getByRole('group', { name: 'Feeds' })
  expect(await table.evaluate((group) => group.scrollLeft)).toBe(0)
  await expect(page.getByRole('button', { name: 'Stop default' })).toBeInViewport({ ratio: 1 })
  await expect(page.getByRole('link', { name: 'default', exact: true })).toBeInViewport({ ratio: 1 })
})

test('has all views of a message within reach on a phone', async ({ page }) => {
  await sendText(result(freshStay().mrn, ''))
  await signIn(page)
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/messages?state=dead')
  await page.locator('a[data-row]').first().click()
  await page.getByRole('tab', { name: 'Text' }).click()
  await page.getByRole('tab', { name: 'Text' }).hover()
  await page.mouse.wheel(200, 0)
  await expect(page.getByRole('tab', { name: 'Mend' })).toBeInViewport({ ratio: 1 })
})

test('writes how many more numbers there are from left to right', async ({ page }) => {
  const { mrn } = freshStay()
  await sendText(result(mrn, `${mrn}^^^HTEST^MR~8${mrn}^^^HTEST^MR`))
  await signIn(page, 'admin', { language: 'ar' })
  await page.goto(`/messages?number=${mrn}`)
  const more = page.locator('main bdi', { hasText: /^\+1$/ })
  await expect(more.first()).toHaveCSS('direction', 'ltr')
})
