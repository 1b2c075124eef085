import { once } from 'node:events'
import { connect as tcp } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

import { connectAsync } from 'mqtt'

import { admission, results } from './demo-messages.ts'
import { vitalsAt } from './demo-monitor.ts'
import type { DemoPatient } from './patients.ts'
import { PATIENTS } from './patients.ts'

/** Where the hub listens, and a token that may associate devices; the parent process sends it first. */
export interface DemoTargets {
  readonly host: string
  readonly mllp: number
  readonly mqtt: number
  readonly http: string
  readonly token: string
}

const [VT, FS, CR] = ['\v', '\x1c', '\r']
const RESULT_AFTER_MS = 6000
const READING_EVERY_MS = 1000
const PATIENT_WAIT_MS = 500
const PATIENT_TRIES = 20

/** The demo hospital: a process of its own that speaks to the hub as a hospital does, over MLLP, MQTT and REST. */
async function simulate(targets: DemoTargets): Promise<void> {
  const start = Date.now()
  const feed = tcp(targets.mllp, targets.host)
  feed.resume()
  await once(feed, 'connect')
  await Promise.all(PATIENTS.map((patient) => stay(patient, { targets, feed, start })))
}

async function stay(
  patient: DemoPatient,
  hospital: { targets: DemoTargets; feed: Socket; start: number },
): Promise<void> {
  const { targets, feed, start } = hospital
  const known = await patientId(patient.number, targets)
  if (known === undefined) {
    await pause(patient.afterSeconds * 1000)
    send(feed, admission(patient, Date.now()))
    await pause(RESULT_AFTER_MS)
    send(feed, results(patient, Date.now()))
  }
  if (patient.monitor === undefined) return
  await associate(patient.monitor, known ?? (await untilKnown(patient.number, targets)), targets)
  await monitor(patient.monitor, Number(patient.bed), { targets, start })
}

function send(feed: Socket, message: string): void {
  feed.write(`${VT}${message}${FS}${CR}`)
}

async function monitor(
  device: string,
  bed: number,
  { targets, start }: { targets: DemoTargets; start: number },
): Promise<void> {
  const client = await connectAsync(`mqtt://${targets.host}:${targets.mqtt}`, {
    clientId: device,
    will: { topic: `devices/${device}/status`, qos: 1, payload: status(device, 'offline') },
  })
  await client.publishAsync(`devices/${device}/status`, status(device, 'online'), { qos: 1 })
  for (let second = 0; ; second += 1) {
    const now = Date.now()
    const body = { device_id: device, ts: new Date(now).toISOString(), seq: second, ...vitalsAt(bed, second) }
    await client.publishAsync(`devices/${device}/vitals`, JSON.stringify(body), { qos: 1 })
    await pause(Math.max(start + (second + 1) * READING_EVERY_MS - Date.now(), 0))
  }
}

function status(device: string, state: 'online' | 'offline'): string {
  return JSON.stringify({ device_id: device, ts: new Date().toISOString(), state })
}

async function untilKnown(number: string, targets: DemoTargets): Promise<string> {
  for (let tries = 0; tries < PATIENT_TRIES; tries += 1) {
    const id = await patientId(number, targets)
    if (id !== undefined) return id
    await pause(PATIENT_WAIT_MS)
  }
  throw new Error(`${number} was not admitted in time`)
}

async function patientId(number: string, targets: DemoTargets): Promise<string | undefined> {
  const answer = await ask(`/fhir/Patient?identifier=${number}&_elements=id`, targets)
  const bundle = (await answer.json()) as { entry?: { resource: { id: string } }[] }
  return bundle.entry?.[0]?.resource.id
}

async function associate(device: string, patient: string, targets: DemoTargets): Promise<void> {
  const body = { patient: `Patient/${patient}` }
  await ask(`/api/v1/devices/${device}/association`, targets, { method: 'PUT', body: JSON.stringify(body) })
}

async function ask(path: string, { http, token }: DemoTargets, init: RequestInit = {}): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(init.body ? { 'content-type': 'application/json' } : {}),
  }
  const answer = await fetch(`${http}${path}`, { ...init, headers })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  return answer
}

const [targets] = (await once(process, 'message')) as [DemoTargets]
process.on('disconnect', () => process.exit(0))
await simulate(targets)
