import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { loadDefinitions } from '../../../fhir/load-definitions.ts'
import { parseMessage } from '../../message/parse-message.ts'
import { runCases } from '../cases.ts'
import { createMapper } from '../mapper.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../../mappings/', import.meta.url))
const mapper = await createMapper(MAPPINGS)

async function copyOfRules(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mappings-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cp(MAPPINGS, folder, { recursive: true })
  return folder
}

const sources = (await readdir(import.meta.dirname)).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
)

it('keeps the names of resource types and segments out of the engine', async () => {
  const segments = new Set(await namesOfSegments())
  expect(segments.size).toBeGreaterThan(40)
  const { types } = loadDefinitions()
  expect(types).toHaveLength(146)
  const found: string[] = []
  for (const name of sources) {
    const text = await readFile(join(import.meta.dirname, name), 'utf8')
    const words = new Set(text.match(/[A-Za-z][A-Za-z0-9]*/g))
    found.push(...[...types, ...segments].filter((word) => words.has(word)).map((word) => `${name}: ${word}`))
  }
  expect(found).toEqual([])
})

/** Every segment that a structure, a rule or an ignored list of our mappings names, and those of the common chapters. */
async function namesOfSegments(): Promise<readonly string[]> {
  const texts: string[] = []
  for (const folder of ['messages', 'segments'])
    for (const name of await readdir(join(MAPPINGS, folder)))
      texts.push(await readFile(join(MAPPINGS, folder, name), 'utf8'))
  const named = texts.join('\n').match(/\b[A-Z][A-Z0-9]{2}\b(?=[-\s\]},])/g) ?? []
  const common =
    'ABS ACC ADD AIG AIL AIP AIS AL1 APR ARQ BHS BTS DB1 DG1 DRG DSC ERR EVN FAC FHS FT1 FTS GP1 GT1 IAM IN1 IN2 IN3 MRG MSA MSH NK1 NTE OBR OBX ODS ORC PD1 PDA PID PR1 PRB PRT PV1 PV2 QAK QPD QRD RF1 RGS ROL RXA RXD RXE RXG RXO RXR SAC SCH SFT SPM TQ1 TQ2 TXA UAC UB1 UB2 VAR'
  return [...named.filter((name) => !DATA_TYPES.has(name)), ...common.split(' ')]
}

/** Three letters that stand for data types and codes in our rule files, not for segments. */
const DATA_TYPES = new Set(['CWE', 'CNE', 'DTM', 'XPN', 'XAD', 'XTN', 'XCN', 'OID', 'URI'])

it('has every case of mappings/tests as expected', async () => {
  const results = await runCases(join(MAPPINGS, 'tests'), mapper)
  expect(results.length).toBeGreaterThan(4)
  expect(results.filter(({ problems }) => problems.length > 0)).toEqual([])
})

it('makes only valid resources of its cases', async () => {
  const definitions = loadDefinitions()
  const wrong: unknown[] = []
  for (const name of await readdir(join(MAPPINGS, 'tests'))) {
    if (name.startsWith('out-')) continue
    const text = await readFile(join(MAPPINGS, 'tests', name, 'in.hl7'), 'utf8')
    const { images } = mapper.map(parseMessage(text), 'default')
    const typeOf = new Map(images.map(({ key, type }) => [key, type]))
    for (const { type, resource } of images) {
      const json = JSON.stringify(resource).replaceAll(
        /"#image:([^"]+)"/g,
        (_, key: string) => `"${typeOf.get(key)}/x"`,
      )
      const known = await definitions.load(type)
      wrong.push(
        ...(known?.validate(JSON.parse(json) as typeof resource, 5) ?? [`no type ${type}`]).filter(
          (issue) => typeof issue === 'string' || issue.severity === 'error',
        ),
      )
    }
  }
  expect(wrong).toEqual([])
})

it('maps a message type that is added as data alone', async () => {
  const folder = await copyOfRules()
  await writeFile(
    join(folder, 'messages', 'ZKI_Z01.yaml'),
    `events: { ZKI^Z01: { } }
structure: 'MSH { CASE: ZPT [{ZNO}] }'
partitions: [device]
images:
  - { key: device, in: CASE, from: ZPT, maps: [ZPT.Device, ZNO.Device], own: update, identity: [{ element: identifier }] }
`,
  )
  await writeFile(
    join(folder, 'segments', 'ZPT.Device.yaml'),
    `segment: ZPT
type: Device
rows:
  - { id: ZPT-1, from: ZPT-1, to: 'identifier[+]', type: CX.Identifier }
  - { id: ZPT-2, from: ZPT-2, to: status, when: ZPT-3 > 5 }
`,
  )
  await writeFile(
    join(folder, 'segments', 'ZNO.Device.yaml'),
    `segment: ZNO
type: Device
rows: [{ id: ZNO-1, from: ZNO-1, to: 'note[+].text' }]
`,
  )
  const changed = await createMapper(folder)
  const text = 'MSH|^~\\&|||||20260301||ZKI^Z01|1|P|2.5\rZPT|7|active|6\rZNO|a\rZNO|b\rZPT|8|active|5'
  const { images, partitions, warnings } = changed.map(parseMessage(text), 'default')
  expect(images.map(({ key, resource }) => [key, resource])).toEqual([
    [
      'device',
      {
        resourceType: 'Device',
        identifier: [{ value: '7', system: 'urn:mogran:feed:default' }],
        status: 'active',
        note: [{ text: 'a' }, { text: 'b' }],
      },
    ],
    ['device/2', { resourceType: 'Device', identifier: [{ value: '8', system: 'urn:mogran:feed:default' }] }],
  ])
  expect(partitions).toEqual(['Device|urn%3Amogran%3Afeed%3Adefault|7'])
  expect(warnings).toEqual([])
  expect(changed.rules).not.toBe(mapper.rules)
})

it.each([
  ['segments/PID.Patient.yaml', 'to: birthDate', 'too: birthDate', /PID\.Patient\.yaml row PID-7: .*too/],
  [
    'segments/PID.Patient.yaml',
    'fn: date,',
    'fn: dates,',
    /PID\.Patient\.yaml: row PID-7: "dates" is no function/,
  ],
  ['segments/PID.Patient.yaml', 'when: PID-29.empty()', 'when: PID-29.vacant()', /row PID-30: "vacant"/],
  [
    'segments/PID.Patient.yaml',
    'table: maritalStatus',
    'table: marital',
    /row PID-16: there is no code table "marital"/,
  ],
  [
    'segments/PID.Patient.yaml',
    'type: XAD.Address',
    'type: XAD.Addr',
    /row PID-11: there is no data type map "XAD.Addr"/,
  ],
  [
    'datatypes/CX.Identifier.yaml',
    'from: CX.1, to: value',
    'from: CX-1-1, to: value',
    /row CX\.1: "CX-1-1" is no path/,
  ],
  [
    'messages/ADT.yaml',
    'in: NEXT_OF_KIN',
    'in: KIN',
    /ADT\.yaml: image relatedPerson: the structure has no "KIN"/,
  ],
  ['messages/MDM.yaml', 'image: order', 'image: sickness', /MDM\.yaml: there is no image "sickness"/],
  ['messages/ADT.yaml', 'ADT^A01:', 'ORU^R01:', /ORU\^R01 is mapped by another file/],
  ['tables/administrativeSex.csv', 'M,Male', 'F,Male', /administrativeSex\.csv: code "F" occurs twice/],
  ['feeds/default.yaml', 'zone: UTC', 'zone: [UTC]', /default\.yaml: \/zone must be string/],
  [
    'feeds/default.yaml',
    'zone: UTC',
    "zone: UTC\ntls: { cert: a, key: b, allow: ['CN=ward'] }",
    /default\.yaml: \/tls must have property ca when property allow is present/,
  ],
])('names file and row of what is wrong in %s (%s)', async (...[file, before, after, problem]) => {
  const folder = await copyOfRules()
  const text = await readFile(join(folder, file), 'utf8')
  const broken = text.replace(before, after)
  expect(broken).not.toBe(text)
  await writeFile(join(folder, file), broken)
  await expect(createMapper(folder)).rejects.toThrow(problem)
})
