import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import {
  admit,
  engineOn,
  MAPPINGS,
  result,
  Sender,
  settled,
  startEngine,
  type Engine,
} from './interface-engine.ts'

const committed = { ackAt: 'committed' }

it('makes a patient and a visit of an admit message, with their provenance, in one commit', async () => {
  const engine = await startEngine(committed)
  const ack = await new Sender(engine.port).send(admit())
  expect(ack).toMatch(
    /^MSH\|\^~\\&\|HUB\|MOGRAN\|WARD\|NORTH\|[^|]+\|\|ACK\^A01\^ACK\|[^|]+\|P\|2\.5\.1\nMSA\|AA\|A1\n$/,
  )
  const [patient] = await engine.all('Patient')
  expect(patient).toMatchObject({ birthDate: '1987-04-02', gender: 'female', name: [{ family: 'Salih' }] })
  const [visit] = await engine.all('Encounter')
  expect(visit).toMatchObject({
    status: 'in-progress',
    subject: { reference: referenceTo(patient) },
  })
  const [provenance] = await engine.all('Provenance')
  expect(provenance?.['target']).toContainEqual({ reference: referenceTo(patient) })
  expect(await engine.commits()).toHaveLength(1)
  // Its line came into the store once, in its last state.
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  expect(line).toMatchObject({ revision: 1, value: { state: 'committed', attempts: 1 } })
  const raw = await engine.store.records.get('hl7-raw', `${line?.id}|000`)
  expect(raw?.value).toEqual(Buffer.from(admit()))
  expect(await engine.store.records.range({ collection: 'hl7-pending', limit: 10 })).toEqual([])
})

it('writes nothing for the same message again, whether its MSH-7 is new or not', async () => {
  const engine = await startEngine(committed)
  const sender = new Sender(engine.port)
  const first = await sender.send(admit())
  const before = await engine.commits()
  expect(await sender.send(admit())).toBe(first)
  expect(await sender.send(admit().replace('|20261123101500+0000||ADT', '|20261124000000+0000||ADT'))).toBe(
    first,
  )
  // A new control id makes it a new message; what it says is known.
  expect(await sender.send(admit({ id: 'A2' }))).toContain('MSA|AA|A2')
  expect(await engine.commits()).toEqual(before)
  expect(engine.flow.tally.of('default')).toMatchObject({ received: 4, duplicate: 2, committed: 2 })
})

it('writes only what changed, and keeps what a person corrected', async () => {
  const engine = await startEngine(committed)
  const sender = new Sender(engine.port)
  await sender.send(admit())
  await correct(engine, 'Patient', (patient) => ({ ...patient, birthDate: '1988-04-02' }))
  await sender.send(admit({ id: 'A2', time: '20261123111500+0000', address: '7 Hill Street^^Omdurman^^^SD' }))
  const [patient] = await engine.all('Patient')
  expect(patient).toMatchObject({ birthDate: '1988-04-02', address: [{ city: 'Omdurman' }] })
  expect(await worklist(engine)).toEqual([])

  await sender.send(admit({ id: 'A3', time: '20261123121500+0000', birth: '19870403' }))
  const [after] = await engine.all('Patient')
  expect(after).toMatchObject({ birthDate: '1988-04-02' })
  expect(await worklist(engine)).toMatchObject([
    { kind: 'element', element: 'birthDate', current: '"1988-04-02"', incoming: '"1987-04-03"' },
  ])
})

it('never lets a result change demographics, and keeps the digits of a value', async () => {
  const engine = await startEngine(committed)
  const sender = new Sender(engine.port)
  await sender.send(admit())
  const [before] = await engine.all('Patient')
  await sender.send(result())
  expect(await engine.all('Patient')).toEqual([before])
  const [found] = await engine.store.resources.scan({
    type: 'Observation',
    order: 'updated',
    direction: 'asc',
    limit: 1,
  })
  const stored = found && (await engine.store.resources.read('Observation', found.id))
  expect(Buffer.from(stored?.bytes ?? []).toString('utf8')).toContain('"value":6.90')
})

it('creates the patient of a result that comes first, and lets the admission fill it in', async () => {
  const engine = await startEngine(committed)
  const sender = new Sender(engine.port)
  await sender.send(result({ name: 'Salih^Nadia' }))
  await sender.send(admit({ time: '20261123111500+0000' }))
  const patients = await engine.all('Patient')
  expect(patients).toHaveLength(1)
  expect(patients[0]).toMatchObject({ address: [{ city: 'Khartoum' }] })
})

it('meets in one patient when the EHR comes first', async () => {
  const identifier = await identifierOfFeed()
  const engine = await startEngine(committed)
  expect(await postPatient(engine, identifier)).toMatchObject({ outcome: 'committed' })
  await new Sender(engine.port).send(admit())
  const patients = await engine.all('Patient')
  expect(patients).toHaveLength(1)
  expect(patients[0]).toMatchObject({ birthDate: '1987-04-02', name: [{ family: 'Salih' }] })
})

it('meets in one patient when the feed comes first', async () => {
  const engine = await startEngine(committed)
  await new Sender(engine.port).send(admit())
  const identifier = await identifierOfFeed()
  expect(await postPatient(engine, identifier)).toMatchObject({ outcome: 'stale' })
  expect(await engine.all('Patient')).toHaveLength(1)
})

it('keeps an older event from overwriting a newer one', async () => {
  const engine = await startEngine(committed)
  const sender = new Sender(engine.port)
  await sender.send(admit({ id: 'A2', time: '20261123121500+0000', address: 'New^^Omdurman' }))
  await sender.send(admit({ id: 'A1', time: '20261123101500+0000', address: 'Old^^Khartoum' }))
  expect((await engine.all('Patient'))[0]).toMatchObject({ address: [{ city: 'Omdurman' }] })
})

it('processes the messages of one patient in their order, although all come at once', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const names = Array.from({ length: 30 }, (_, at) => `Name${String(at)}`)
  const acks = names.map(async (name, at) =>
    sender.send(admit({ id: `N${String(at)}`, name, time: '20261123101500+0000' })),
  )
  await Promise.all(acks)
  await settled(engine, 'N29', 'committed')
  const commits = await engine.commits()
  const seen = commits.flatMap(({ changes }) =>
    changes.filter(({ type }) => type === 'Patient').map(({ bytes }) => familyOf(bytes)),
  )
  expect(seen).toEqual(names)
})

it('lets the later messages of a patient wait behind one that failed, and goes on when it is replayed', async () => {
  const store = await freshStore()
  const broken = await engineOn(store, {}, { mappings: await rulesWithWrongGender() })
  const sender = new Sender(broken.port)
  await sender.send(admit({ id: 'B1' }))
  await sender.send(admit({ id: 'B2', time: '20261123111500+0000', name: 'Later^Nadia' }))
  await sender.send(admit({ id: 'B3', mrn: '9999' }).replace('|F|||', '||||'))
  await settled(broken, 'B1', 'dead')
  await settled(broken, 'B2', 'parked')
  // Another patient is not held up by it.
  await settled(broken, 'B3', 'committed')
  await broken.stop()

  const engine = await engineOn(store)
  const later = new Sender(engine.port)
  await later.send(admit({ id: 'B4', time: '20261123121500+0000', name: 'Last^Nadia' }))
  await settled(engine, 'B4', 'parked')
  const [dead] = await linesOf(engine, 'B1')
  expect(dead?.value).toMatchObject({ errors: [{ severity: 'E' }], attempts: 1 })
  const rehearsal = await engine.flow.processing.rehearse(dead?.id ?? '')
  expect(rehearsal.changes()).toContainEqual(
    expect.objectContaining({ element: 'birthDate', after: '1987-04-02' }),
  )
  expect(await engine.all('Patient')).toHaveLength(1)

  expect(await engine.flow.processing.replay(dead?.id ?? '')).toMatchObject({ state: 'committed' })
  await settled(engine, 'B2', 'committed')
  await settled(engine, 'B4', 'committed')
  const commits = await engine.commits()
  const names = commits.flatMap(({ changes }) =>
    changes.filter(({ type }) => type === 'Patient').map(({ bytes }) => familyOf(bytes)),
  )
  expect(names).toEqual(['Salih', 'Salih', 'Later', 'Last'])
  expect(engine.flow.parking.blockedPartitions).toBe(0)
})

it('goes on after a start with what was journaled and not processed', async () => {
  const store = await freshStore()
  const first = await engineOn(store)
  const sender = new Sender(first.port)
  await Promise.all(
    Array.from({ length: 40 }, async (_, at) =>
      sender.send(admit({ id: `K${String(at)}`, mrn: String(at) })),
    ),
  )
  await first.stop()
  const second = await engineOn(store)
  for (let at = 0; at < 40; at++) await settled(second, `K${String(at)}`, 'committed')
  expect(await second.all('Patient')).toHaveLength(40)
  expect(await store.records.range({ collection: 'hl7-pending', limit: 10 })).toEqual([])
})

/** A copy of the rules in which PID-8 makes what FHIR does not allow. */
async function rulesWithWrongGender(): Promise<string> {
  const folder = join(await freshFolder(), 'mappings')
  await cp(MAPPINGS, folder, { recursive: true })
  const file = join(folder, 'segments', 'PID.Patient.yaml')
  const rules = await readFile(file, 'utf8')
  const wrong = rules.replace(/^ {2}- \{ id: PID-8,.*$/m, '  - { id: PID-8, from: PID-8, to: gender }')
  expect(wrong).not.toBe(rules)
  await writeFile(file, wrong)
  return folder
}

async function linesOf(engine: Engine, controlId: string) {
  const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 1000 })
  return lines.filter(({ value }) => (value as JsonObject)['controlId'] === controlId)
}

async function correct(
  engine: Engine,
  type: string,
  change: (resource: JsonObject) => JsonObject,
): Promise<void> {
  const [resource] = await engine.all(type)
  if (!resource) throw new Error(`there is no ${type}`)
  const done = await engine.resources.transact(systemCaller('person', 'system'), {
    drafts: [{ type, id: resource['id'] as string, method: 'PUT', resource: change(resource) }],
  })
  expect(done.outcome).toBe('committed')
}

async function worklist(engine: Engine): Promise<readonly unknown[]> {
  const found = await engine.store.records.range({ collection: 'hl7-worklist', limit: 100 })
  return found.map(({ value }) => value)
}

async function postPatient(engine: Engine, identifier: JsonObject) {
  const resource = { resourceType: 'Patient', identifier: [identifier], name: [{ family: 'Salih' }] }
  return engine.resources.transact(systemCaller('ehr', 'system'), {
    drafts: [{ type: 'Patient', method: 'POST', resource }],
  })
}

function referenceTo(patient: JsonObject | undefined): string {
  return `Patient/${patient?.['id'] as string}`
}

/** The identifier that the feed gives its patient, as a message shows it. */
async function identifierOfFeed(): Promise<JsonObject> {
  const engine = await startEngine(committed)
  await new Sender(engine.port).send(admit())
  const [patient = {}] = await engine.all('Patient')
  const [identifier = {}] = patient['identifier'] as readonly JsonObject[]
  return identifier
}

function familyOf(bytes: Uint8Array): unknown {
  const { name } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { name: { family: string }[] }
  return name[0]?.family
}
