import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

import { expect, test } from '@playwright/test'
import type { APIRequestContext, Page } from '@playwright/test'

import { admit, freshStay, bearer, signIn } from './hub.ts'

/** The settings of the hub are one folder: a test that breaks it must not run beside one that changes it. */
test.describe.configure({ mode: 'serial' })

const FOLDER = process.env['BROWSER_TEST_MAPPINGS'] ?? ''
const SOON = { timeout: 30_000 }

/** A laboratory that answers with the code that it is told. */
async function startLaboratory(say: { code: string }) {
  const got: string[] = []
  const server = createServer((socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\u001c\r'); end !== -1; end = text.indexOf('\u001c\r')) {
        const id = text.slice(1, end).split('|')[9] ?? ''
        got.push(id)
        text = text.slice(end + 2)
        socket.write(
          `\u000bMSH|^~\\&|LAB||HUB||2026||ACK|1|P|2.5.1\rMSA|${say.code}|${id}|unknown ward\r\u001c\r`,
        )
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, got, close: () => server.close() }
}

async function register(request: APIRequestContext, number: string): Promise<void> {
  const identifier = [{ system: 'urn:n', value: number, type: { coding: [{ code: 'MR' }] } }]
  const data = { resourceType: 'Patient', identifier, name: [{ family: 'Osman' }] }
  const answer = await request.post('/fhir/Patient', { headers: await bearer(request), data })
  expect(answer.status()).toBe(201)
}

test('says in the list of destinations why one does not answer', async ({ page }) => {
  await admit(freshStay())
  await signIn(page)
  await page.goto('/destinations')
  await expect(page.getByRole('row', { name: /^pharmacy/ })).toContainText(
    'Nobody listens at 127.0.0.1:9',
    SOON,
  )
})

test('shows a destination from when its file is there, pauses it, and sends again what it refused', async ({
  page,
  request,
}) => {
  test.setTimeout(120_000)
  const say = { code: 'AE' }
  const lab = await startLaboratory(say)
  const name = `lab${Date.now() % 1e6}`
  const file = join(FOLDER, 'destinations', `${name}.yaml`)
  await writeFile(file, `host: 127.0.0.1\nport: ${lab.port}\nmessages: [Patient.ADT]\n`)
  await signIn(page)
  await page.goto('/destinations')
  const row = page.getByRole('row', { name: new RegExp(`^${name}`) })
  await expect(row).toContainText('running', SOON)
  await register(request, `${name}-1`)
  await expect(row.getByRole('link', { name: '1', exact: true })).toBeVisible(SOON)
  await expect(row).toContainText('AE')
  await expect(row).toContainText('unknown ward')

  await row.getByRole('button', { name: `Pause ${name}` }).click()
  await expect(row).toContainText('paused')
  await register(request, `${name}-2`)
  await row.getByRole('link', { name, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
  const waiting = page.getByRole('row', { name: /waiting/ })
  await expect(waiting).toBeVisible(SOON)
  await waiting.getByRole('button', { name: /^Set aside/ }).click()
  await expect(page.getByRole('row', { name: /set aside/ })).toBeVisible(SOON)

  say.code = 'AA'
  await page.getByLabel('State').selectOption('refused')
  await page.getByRole('button', { name: 'Send all 1 refused ones again …' }).click()
  const asked = page.getByRole('dialog', { name: 'Send 1 refused messages again?' })
  await expect(asked).toContainText(`They go to ${name} once more`)
  await asked.getByRole('button', { name: 'Send 1 messages' }).click()
  await expect(page.getByText('Put back into the queue: 1')).toBeVisible()
  await page.getByRole('button', { name: `Start ${name}` }).click()
  await page.getByLabel('State').selectOption('answered')
  await page
    .getByRole('row', { name: /answered/ })
    .getByRole('link', { name: 'Patient.ADT', exact: true })
    .click(SOON)
  await expect(page.getByRole('group', { name: 'What is sent' })).toContainText(`${name}-1`)
  await expect(page.getByRole('group', { name: 'What was answered' })).toContainText('MSA|AA|')
  expect(lab.got).toHaveLength(2)
  await rm(file)
  lab.close()
})

test('says on the interface pages which rules cannot be used, and that the ones before are in force', async ({
  page,
}) => {
  test.setTimeout(120_000)
  const file = join(FOLDER, 'tables', 'broken.csv')
  await writeFile(file, 'one cell\n')
  await signIn(page)
  await page.goto('/messages')
  const alert = page.getByRole('alert').filter({ hasText: 'Problems: 1' })
  await expect(alert).toContainText('stay in force', SOON)
  await alert.locator('summary').click()
  await expect(alert).toContainText('tables/broken.csv')
  await page.goto('/patients')
  await expect(page.getByRole('heading', { level: 1, name: 'Patients' })).toBeVisible()
  await expect(alert).toHaveCount(0)
  await rm(file)
  await page.goto('/feeds')
  await expect(alert).toHaveCount(0, SOON)
})

function admission(number: string): string {
  return [
    `MSH|^~\\&|EAST|HTEST|HUB|HTEST|20261120080000+0000||ADT^A01^ADT_A01|${number}|P|2.5.1`,
    'EVN||20261120080000+0000',
    `PID|1||${number}^^^HTEST^MR||Group^Member`,
    `PV1|1|I|E^1^1^HTEST||||||||||||||||V${number}^^^HTEST^VN`,
  ].join('\r')
}

async function sendTo(port: number, text: string): Promise<string> {
  const { connect } = await import('node:net')
  const socket = connect(port, '127.0.0.1')
  socket.write(`\u000b${text}\r\u001c\r`)
  const [ack] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return ack.toString()
}

const portOf = async (page: Page, row: string) => {
  const text = await page.getByRole('row', { name: new RegExp(`^${row}`) }).innerText()
  return Number(/\b\d{4,5}\b/.exec(text.replace(row, ''))?.[0])
}

test('brings a group of failed messages through once their cause is mended, and replays a time span', async ({
  page,
}) => {
  test.setTimeout(180_000)
  const name = `east${Date.now() % 1e6}`
  const file = join(FOLDER, 'feeds', `${name}.yaml`)
  const usual = `${await readFile(join(FOLDER, 'feeds', 'default.yaml'), 'utf8')}\nport: 0\nonFailure: skip\n`
  const strict = 'checkProfile: before-mapping\nprofile: { ADT: { fields: { PID-8: { required: true } } } }\n'
  await writeFile(file, usual + strict)
  await signIn(page)
  await page.goto('/feeds')
  await expect(page.getByRole('row', { name: new RegExp(`^${name}`) })).toContainText('running', SOON)
  const port = await portOf(page, name)
  for (const number of [1, 2, 3])
    expect(await sendTo(port, admission(`${name}${number}`))).toContain('MSA|AA')

  await page.goto('/dead-letters')
  const group = page.getByRole('row', { name: new RegExp(name) })
  await expect(async () => {
    await page.reload()
    await expect(group).toContainText('PID-8', { timeout: 1000 })
    await expect(group.getByRole('button', { name: 'Replay all 3' })).toBeVisible({ timeout: 1000 })
  }).toPass()

  // The analyst mends the cause in the file of the feed, not the messages.
  await writeFile(file, usual)
  await expect(async () => {
    expect(await sendTo(port, admission(`${name}4-${Date.now()}`))).toContain('MSA|AA')
    await page.goto(`/messages?feed=${name}`)
    await expect(page.getByRole('row', { name: /recorded/ }).first()).toBeVisible({ timeout: 1000 })
  }).toPass(SOON)
  await page.goto('/dead-letters')
  await group.getByRole('button', { name: /^Replay all/ }).click()
  const asked = page.getByRole('dialog', { name: /^Replay \d+ failed messages/ })
  await expect(asked.getByRole('status')).toContainText('would be recorded')
  await asked.getByRole('button', { name: /^Replay \d+ messages/ }).click()
  const jobs = page.getByRole('listitem').filter({ hasText: name })
  await expect(jobs.filter({ hasText: 'Replayed' })).toContainText(/[3-9] changed the record/, SOON)
  await expect(group).toHaveCount(0, SOON)

  await page.goto(`/feeds/${name}`)
  await page.getByRole('link', { name: 'Replay a time span' }).click()
  const dialog = page.getByRole('dialog', { name: 'Replay a time span' })
  await expect(dialog.getByLabel('Feed')).toHaveValue(name)
  await dialog.getByLabel('Received from').fill('2026-01-01T00:00')
  await dialog.getByRole('button', { name: 'Count the messages' }).click()
  await expect(dialog.getByText('Enter a day and time after the beginning.')).toBeVisible()
  await dialog.getByLabel('Received before').fill('2100-01-01T00:00')
  await dialog.getByRole('button', { name: 'Count the messages' }).click()
  await expect(dialog.getByRole('status')).toContainText(/processed again: [4-9]/)
  await dialog.getByRole('button', { name: 'Start the replay' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(jobs).toHaveCount(2, SOON)
  await expect(jobs.first()).toContainText(/Replayed .*(\d+) of \1 processed · 0 changed the record/, SOON)
  await rm(file)
})
