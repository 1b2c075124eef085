import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'

import type { APIRequestContext, Page } from '@playwright/test'
import { expect } from '@playwright/test'

/** What the browser tests need of the hub that `playwright.config.ts` starts: a ward that sends, a FHIR client that asks. */
const MLLP_PORT = Number(process.env['BROWSER_TEST_MLLP'])
const CLIENT = { id: 'browser-tests', secret: '0123456789abcdefghij' }

export interface Stay {
  /** Medical record number. */
  readonly mrn: string
  readonly family: string
  readonly ward: string
  readonly bed: string
}

/** Invented data that no other test uses. */
export function freshStay(family?: string): Stay {
  const number = String(randomInt(1e9)).padStart(9, '0')
  return { mrn: `E2E${number}`, family: family ?? `Test${number}`, ward: `W${number}`, bed: `B${number}` }
}

/** What the control id begins with. */
const CONTROL = { A01: 'A', A02: 'T' } as const

export async function admit(stay: Stay): Promise<void> {
  await tell(stay, 'A01')
}

/** The same stay at another place. */
export async function transfer(stay: Stay): Promise<void> {
  await tell(stay, 'A02')
}

/** Makes one patient of two; the first one goes on. */
export async function merge(into: Stay, gone: Stay): Promise<void> {
  await send([
    `MSH|^~\\&|WARD|HTEST|HUB|HTEST|${stamp()}||ADT^A40^ADT_A39|M${gone.mrn}|P|2.5.1`,
    `EVN||${stamp()}`,
    `PID|1||${into.mrn}^^^HTEST^MR||${into.family}^Amna||19810714|F`,
    `MRG|${gone.mrn}^^^HTEST^MR`,
  ])
}

async function tell({ mrn, family, ward, bed }: Stay, event: 'A01' | 'A02'): Promise<void> {
  await send([
    `MSH|^~\\&|WARD|HTEST|HUB|HTEST|${stamp()}||ADT^${event}|${CONTROL[event]}${mrn}|P|2.5.1`,
    `EVN||${stamp()}`,
    `PID|1||${mrn}^^^HTEST^MR||${family}^Amna||19810714|F|||12 Nile Street^^Omdurman^^^SD||+249 91 234 5678`,
    `PV1|1|I|${ward}^1^${bed}^HTEST||||||||||||||||V${mrn}^^^HTEST^VN|||||||||||||||||||||||||${stamp()}`,
  ])
}

export interface Result {
  readonly mrn: string
  readonly id: string
  readonly value: string
  readonly flag: string
  /** When it was measured, ISO; now when absent. */
  readonly at?: string
}

export async function report({ mrn, id, value, flag, at }: Result): Promise<void> {
  const measured = stamp(at)
  await send([
    `MSH|^~\\&|LAB|HTEST|HUB|HTEST|${stamp()}||ORU^R01^ORU_R01|R${id}|P|2.5.1`,
    `PID|1||${mrn}^^^HTEST^MR||Else^Someone||19500101|M`,
    `ORC|RE|P${id}^HTEST|F${id}^LAB||CM`,
    `OBR|1|P${id}^HTEST|F${id}^LAB|24323-8^Metabolic panel^LN|||${measured}|||||||||||||||${stamp()}||LAB|F`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L^mmol/L^UCUM|3.5-5.1|${flag}|||F|||${measured}`,
  ])
}

/** Sends one message over MLLP and waits for its acknowledgement. */
async function send(segments: readonly string[]): Promise<void> {
  expect(await sendText(segments.join('\r'))).toMatch(/\rMSA\|[AC]A\|/)
}

/** Sends the text of one message over MLLP. @returns the acknowledgement */
export async function sendText(text: string): Promise<string> {
  const socket = connect(MLLP_PORT, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`\u000b${text}\r\u001c\r`)
  const [ack] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return ack.toString()
}

/** A result of `number`; without one it belongs to nobody, and the rules refuse it. */
export function result(mrn: string, number: string): string {
  return [
    `MSH|^~\\&|LAB|HTEST|HUB|HTEST|20261120080000+0000||ORU^R01^ORU_R01|X${mrn}|P|2.5.1`,
    `PID|1||${number}||Else^Someone||19500101|M`,
    `OBR|1|P${mrn}^HTEST|F${mrn}^LAB|24323-8^Metabolic panel^LN|||20261120080000+0000|||||||||||||||20261120080000+0000||LAB|F`,
    `OBX|1|NM|2823-3^Potassium^LN||5.60|mmol/L^mmol/L^UCUM|3.5-5.1||||F|||20261120080000+0000`,
  ].join('\r')
}

/** An instant (now) in UTC, as HL7 writes it. */
function stamp(at = new Date().toISOString()): string {
  return `${at.replaceAll(/\D/g, '').slice(0, 14)}+0000`
}

/** The text of a FHIR search, so that every digit is there. */
export async function fhir(request: APIRequestContext, query: string): Promise<string> {
  const answer = await request.get(`/fhir/${query}`, { headers: await bearer(request) })
  expect(answer.status()).toBe(200)
  return answer.text()
}

export async function bearer(request: APIRequestContext): Promise<{ readonly authorization: string }> {
  const form = { grant_type: 'client_credentials', client_id: CLIENT.id, client_secret: CLIENT.secret }
  const answer = (await (await request.post('/auth/token', { form })).json()) as {
    readonly access_token: string
  }
  return { authorization: `Bearer ${answer.access_token}` }
}

/** What a search found, once there are at least so many. */
export async function found(
  request: APIRequestContext,
  query: string,
  least = 1,
): Promise<readonly Resource[]> {
  let resources: readonly Resource[] = []
  await expect(async () => {
    const { entry = [] } = JSON.parse(await fhir(request, query)) as Found
    resources = entry.map(({ resource }) => resource)
    expect(resources.length).toBeGreaterThanOrEqual(least)
  }).toPass()
  return resources
}

export type Resource = { readonly id: string } & Readonly<Record<string, unknown>>

interface Found {
  readonly entry?: readonly { readonly resource: Resource }[]
}

/** The id of the patient with the number, once the message is processed. */
export async function patientId(request: APIRequestContext, { mrn }: Stay): Promise<string> {
  const [patient] = await found(request, `Patient?identifier=${mrn}`)
  return patient?.id ?? ''
}

export interface Look {
  readonly theme?: 'light' | 'dark' | 'contrast'
  readonly language?: 'en' | 'fr' | 'ar'
}

/** Signs in as one of the people of the evaluation hospital. */
export async function signIn(
  page: Page,
  login = 'admin',
  { theme = 'light', language = 'en' }: Look = {},
): Promise<void> {
  const state = JSON.stringify({ state: { theme, language, bareKeys: true, wideRail: true }, version: 0 })
  await page.addInitScript(`localStorage.setItem('mogran.preferences', ${JSON.stringify(state)})`)
  await page.goto('/sign-in')
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('demo')
  await page.locator('button[type=submit]').click()
  await expect(page.locator('[data-link=live]')).toBeVisible()
}
