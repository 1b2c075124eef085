import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest'

import { freshFolder, removeFolder, startHub, type Hub } from '../flows/hub.ts'
import { fetchJars } from './peers/maven.ts'

const VERSION = '8.8.1'
/** One for each version: the peer runs with all that lies there. */
const HOME = join(tmpdir(), `hub-fhir-peers-${VERSION}`)
const PEER = fileURLToPath(new URL('peers/HapiFhir.java', import.meta.url))
const JARS = [
  ...['client', 'validation', 'structures-r4', 'validation-resources-r4', 'caching-caffeine'].map(
    (name) => `ca.uhn.hapi.fhir:hapi-fhir-${name}:${VERSION}`,
  ),
  'org.slf4j:slf4j-nop:2.0.16',
]

let data: string
let hub: Hub
/** Why the peer could not be fetched: its tests are skipped, which counts as a failure unless `.ci/may-skip` excuses it. */
let missing: string | undefined
beforeAll(async () => {
  data = await freshFolder()
  hub = await startHub({ data })
  await fetchJars(HOME, JARS).catch((error: unknown) => {
    missing = `HAPI FHIR could not be fetched from Maven Central: ${String(error)}`
  })
}, 290_000)
afterAll(async () => {
  await hub.stop()
  await removeFolder(data)
})

async function askPeer(context: TestContext, ...words: string[]): Promise<string[]> {
  if (missing !== undefined) process.stdout.write(`${missing}\n`)
  context.skip(missing !== undefined, missing)
  const args = ['-cp', join(HOME, 'jars/*'), PEER, ...words]
  const { stdout } = await promisify(execFile)('java', args, { cwd: data, maxBuffer: 16 * 1024 * 1024 })
  return stdout.trim().split('\n')
}

it('does what a program with the client of HAPI FHIR asks', async (context) => {
  expect(await askPeer(context, 'client', `${hub.http}/fhir`, hub.token)).toEqual([
    'capabilities: 4.0.1',
    'create, representation wanted: Patient',
    'create, outcome wanted: OperationOutcome',
    'create unless there: null',
    'read: 1',
    'read of a version: true',
    'read of what is known: null',
    'read of elements: false',
    'update: 2',
    'update of an old version: 412 with an outcome',
    'update by criteria: true',
    'patch: true',
    'patch by FHIRPath: true',
    'active after the patches: false',
    'history: 5',
    'history of a type: 2',
    'history of all: 2',
    'search, sorted: 84',
    'pages: 25 of 25',
    'search by GET: 1',
    'search by GET_WITH_SEARCH: 1',
    'search by POST: 1',
    'include: 4',
    'include all: 4',
    'chain: 25',
    'has: 1',
    'quantity: 4',
    'composite: 4',
    'missing: 2',
    'counts: 25',
    'estimate: true',
    'unknown parameter: 400 with an outcome',
    'transaction: 201 Created, 201 Created, 200 OK',
    'batch: 404 Not Found, 200 OK, 200 OK, 200 OK',
    'validate: OperationOutcome',
    'everything: 26',
    'lastn: 2',
    'meta added: 1',
    'meta: 1',
    'meta of a type: 1',
    'meta of all: 1',
    'meta taken away: 0',
    'binary: hello',
    'read of what was deleted: 410 with an outcome',
    'read of what never was: 404 with an outcome',
  ])
})

const MESSAGES = [
  `MSH|^~\\&|ADT|WEST|HUB|H|20260301080000||ADT^A01^ADT_A01|A1|P|2.5.1
EVN|A01|20260301080000
PID|1||4711^^^WEST^MR~SS-1^^^USA^SS||Okafor^Ifeoma^N^^Dr||19800214|F|||12 Hill St^^Accra^^0233^GH^H||+233201234567^PRN^PH|||M||V-1^^^WEST^VN
NK1|1|Okafor^Chidi|SPO|||+233207654321
PV1|1|I|W3^04^B^WEST||||1001^Mensah^Kofi^^^Dr|||CAR||||7|||1001^Mensah^Kofi|IP|V-1^^^WEST^VN|||||||||||||||||||||||||20260301075500
AL1|1|DA|PCN^Penicillin^L|SV|Rash
DG1|1||I21.9^Acute myocardial infarction^I10||20260301|A`,
  `MSH|^~\\&|LAB|WEST|HUB|H|20260301090000||ORU^R01^ORU_R01|R1|P|2.5.1
PID|1||4711^^^WEST^MR||Okafor^Ifeoma||19800214|F
PV1|1|I|W3^04^B^WEST||||||||||||||||V-1^^^WEST^VN
ORC|RE|O-1^WEST|F-1^LAB
OBR|1|O-1^WEST|F-1^LAB|24323-8^CMP^LN|||20260301083000|||||||20260301084000|BLD|1001^Mensah^Kofi||||||20260301090000||LAB|F
OBX|1|NM|2345-7^Glucose^LN||5.40|mmol/L^^UCUM|3.9-6.1|N|||F|||20260301083000
OBX|2|ST|5778-6^Color^LN||yellow||||||F
OBX|3|CWE|882-1^ABO^LN||A^Group A^L||||||F
NTE|1||Sample slightly hemolysed`,
]

it('answers so that the official validator has nothing to say', async (context) => {
  for (const message of MESSAGES) expect(await sent(message)).toContain('MSA|AA')
  await expect
    .poll(async () => JSON.stringify(await hub.json('/fhir/DiagnosticReport')), { timeout: 20_000 })
    .toContain('24323-8')
  const { entry = [] } = await hub.json<{ entry?: { resource: { id: string } }[] }>(
    '/fhir/Patient?identifier=4711',
  )
  const id = entry[0]?.resource.id ?? ''
  const folder = join(data, 'answers')
  await mkdir(folder)
  const asked: Readonly<Record<string, readonly [path: string, body?: string]>> = {
    'all together': [`/Patient/${id}/$everything`],
    'a batch': ['', bundle('batch')],
    'a transaction': ['', bundle('transaction')],
    'capabilities that are declared': ['/metadata'],
    'counts only': ['/Patient?_summary=count'],
    'labels of a patient': [`/Patient/${id}/$meta`],
    'last results': [`/Observation/$lastn?subject=Patient/${id}`],
    'parts of persons': ['/Patient?_elements=name'],
    'pages of results with what they refer to': ['/Observation?_count=2&_include=*&_total=accurate'],
    'plans that are explained': ['/Patient?name=okafor&_explain=true'],
    'reports with what refers to them': ['/DiagnosticReport?_include=*&_revinclude=*'],
    'searches that are refused': ['/Patient?tribe=x'],
    'summaries of persons': ['/Patient?_summary=true'],
    'what happened to visits': ['/Encounter/_history'],
    'what is wrong with a resource': [
      '/Patient/$validate',
      '{"resourceType":"Patient","gender":"x","tribe":1}',
    ],
  }
  for (const [name, [path, body]] of Object.entries(asked)) {
    const answer = await hub.ask(`/fhir${path}`, body === undefined ? {} : { method: 'POST', body })
    await writeFile(join(folder, `${name}.json`), await answer.text())
  }
  expect(await askPeer(context, 'validate', folder)).toEqual([`${Object.keys(asked).length} files`])
})

function bundle(type: string): string {
  const entry = [{ request: { method: 'POST', url: 'Patient' }, resource: { resourceType: 'Patient' } }]
  return JSON.stringify({ resourceType: 'Bundle', type, entry })
}

async function sent(message: string): Promise<string> {
  const socket = connect(hub.mllp, '127.0.0.1')
  socket.write(`\v${message.replaceAll('\n', '\r')}\r\u001C\r`)
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('error', reject)
  })
  socket.destroy()
  return answer.toString()
}
