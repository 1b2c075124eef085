import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub } from './hub.ts'
import type { Hub } from './hub.ts'

const ADMIT = [
  'MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|20261123101500+0000||ADT^A01^ADT_A01|ADM0001|P|2.5.1',
  'EVN||20261123101500+0000',
  'PID|1||4711^^^NORTH^MR||Salih^Nadia^Omer||19870402|F|||12 River Road^^Khartoum^^^SD',
  'PV1|1|I|NORTH^05^A^NORTH||||7001^Idris^Amna^^^^^^NORTH|||MED|||||||||V4711^^^NORTH^VN|||||||||||||||||||||||||20261123101500+0000',
]
const RESULT = [
  'MSH|^~\\&|LAB|NORTH|HUB|MOGRAN|20261123103000+0000||ORU^R01^ORU_R01|RES0001|P|2.5.1',
  'PID|1||4711^^^NORTH^MR||Someone^Else||19500101|M',
  'ORC|RE|P1^NORTH|F1^LAB||CM',
  'OBR|1|P1^NORTH|F1^LAB|24323-8^Comprehensive metabolic panel^LN|||20261123102000+0000|||||||||||||||20261123102900+0000||LAB|F',
  'OBX|1|NM|2823-3^Potassium^LN||6.90|mmol/L^mmol/L^UCUM|3.5-5.1|HH|||F|||20261123102000+0000',
]

interface Bundle {
  readonly total?: number
  readonly entry?: readonly {
    readonly resource: Readonly<Record<string, unknown>> & { readonly id: string }
  }[]
}

it('brings one admit message from the wire to the record and to the screen, each value traceable', async () => {
  const { hub, ward } = await hubWithWard()
  const screen = await listen(hub)
  expect(await send(ward, ADMIT)).toContain('MSA|AA|ADM0001')
  await screen.until((message) => message['topic'] === 'patient.created')
  const found = await hub.json<Bundle>('/fhir/Patient?identifier=4711&_total=accurate')
  expect(found.total).toBe(1)
  const patient = found.entry?.[0]?.resource
  expect(patient).toMatchObject({
    birthDate: '1987-04-02',
    gender: 'female',
    name: [{ family: 'Salih', given: ['Nadia', 'Omer'] }],
  })
  const visits = await hub.json<Bundle>(`/fhir/Encounter?patient=${patient?.id}`)
  expect(visits.entry?.[0]?.resource).toMatchObject({ status: 'in-progress', class: { code: 'IMP' } })
  const trace = await hub.json<unknown>(
    `/api/v1/interop/trace?reference=Patient/${patient?.id}&element=Patient.birthDate`,
  )
  expect(JSON.stringify(trace)).toContain('PID-7')
})

it('keeps the exact digits of a result, raises the critical event and never lets a result change demographics', async () => {
  const { hub, ward } = await hubWithWard()
  await send(ward, ADMIT)
  const screen = await listen(hub)
  expect(await send(ward, RESULT)).toContain('MSA|AA|RES0001')
  await screen.until((message) => message['topic'] === 'lab.result.critical')
  const text = await (await hub.ask('/fhir/Observation?code=http://loinc.org|2823-3')).text()
  expect(text).toContain('"value":6.90')
  const patients = await hub.json<Bundle>('/fhir/Patient?identifier=4711&_total=accurate')
  expect(patients.total).toBe(1)
  expect(patients.entry?.[0]?.resource).toMatchObject({ birthDate: '1987-04-02', gender: 'female' })
})

async function hubWithWard(): Promise<{ hub: Hub; ward: Socket }> {
  const data = await freshFolder()
  const hub = await startHub({ data })
  const ward = connect(hub.mllp, '127.0.0.1')
  await once(ward, 'connect')
  onTestFinished(async () => {
    ward.destroy()
    expect(await hub.stop()).toBe(0)
    await removeFolder(data)
  })
  return { hub, ward }
}

async function send(ward: Socket, segments: readonly string[]): Promise<string> {
  ward.write(`\v${segments.join('\r')}\r\x1c\r`)
  const [ack] = (await once(ward, 'data')) as [Buffer]
  return ack.toString()
}

interface Screen {
  until(wanted: (message: Record<string, unknown>) => boolean): Promise<void>
}

/** A signed-in screen: everything that the hub pushes, from the welcome on. */
async function listen(hub: Hub): Promise<Screen> {
  const socket = new WebSocket(`${hub.http.replace('http', 'ws')}/ws`)
  const seen: Record<string, unknown>[] = []
  const waiting = new Set<() => void>()
  socket.addEventListener('message', (event) => {
    seen.push(JSON.parse(String(event.data)) as Record<string, unknown>)
    for (const wake of waiting) wake()
  })
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'hello', token: hub.token })))
  onTestFinished(() => socket.close())
  const screen: Screen = {
    until: (wanted) =>
      new Promise((resolve) => {
        const look = () => {
          if (!seen.some((message) => wanted(message))) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
  await screen.until((message) => message['type'] === 'welcome')
  return screen
}
