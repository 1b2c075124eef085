import { expect, it } from 'vitest'

import { rulesWith } from '../../../../test/rules-with.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { createMapper } from '../mapper.ts'

const ORDER = {
  resourceType: 'ServiceRequest',
  id: 's1',
  status: 'active',
  intent: 'order',
  code: { coding: [{ code: 'CBC' }] },
  subject: { reference: 'Patient/p1' },
  priority: 'stat',
  note: [{ text: 'fasting' }],
}
const PATIENT = { resourceType: 'Patient', id: 'p1', name: [{ family: 'Okoye' }] }

const HEADER = {
  sendingApplication: 'HUB',
  sendingFacility: '',
  receivingApplication: 'LAB',
  receivingFacility: '',
  processingId: 'P',
  version: '2.5.1',
  charset: '',
}

async function built(
  files: Readonly<Record<string, string>>,
  overlays: readonly string[],
): Promise<readonly string[]> {
  return (await builtWhole(files, overlays, HEADER)).slice(1)
}

async function builtWhole(
  files: Readonly<Record<string, string>>,
  overlays: readonly string[],
  header: typeof HEADER,
): Promise<readonly string[]> {
  const { outbound } = await createMapper(await rulesWith(files))
  const text = await outbound.laidOver(overlays).build({
    definition: 'ServiceRequest.OML_O21',
    resource: ORDER,
    lookup: (address): Promise<readonly JsonObject[]> =>
      Promise.resolve(address === 'Patient/p1' ? [PATIENT] : []),
    controlId: 'C1',
    nowMs: 0,
    header,
  })
  return (text ?? '').split('\r').slice(0, -1)
}

const FILES = {
  'overlays/north/outbound/ServiceRequest.OML_O21.yaml': `
disable: [NTE]
segments:
  - segment: TQ1
    disable: [priority]
    rows: [{ id: set, to: TQ1-1, const: '7' }, { id: why, to: TQ1-11, const: asked }]
    when: status.exists()
  - { segment: ZLB, after: PID, rows: [{ id: bench, to: ZLB-1, const: B2 }] }
`,
  'overlays/north/fields/XPN.yaml': "rows: [{ id: kind, to: '.7', const: L }]\n",
}

it.each([
  ['UNICODE UTF-8', 'UNICODE UTF-8'],
  ['~ISO IR87', 'ASCII~ISO IR87'],
  ['', ''],
])('says the character sets %s in MSH-18', async (charset, said) => {
  const [msh = ''] = await builtWhole({}, [], { ...HEADER, charset })
  expect(msh.split('|')[17] ?? '').toBe(said)
})

it('lays segments, rows and fields of an overlay over those of all, for whom it is meant', async () => {
  expect(await built(FILES, [])).toEqual([
    'PID|1||p1^^^^PI||Okoye',
    'ORC|NW|s1|||IP',
    'TQ1|1||||||||S',
    'OBR|1|s1||CBC',
    'NTE|1||fasting',
  ])
  expect(await built(FILES, ['north'])).toEqual([
    'PID|1||p1^^^^PI||Okoye^^^^^^L',
    'ZLB|B2',
    'ORC|NW|s1|||IP',
    'TQ1|7||||||||||asked',
    'OBR|1|s1||CBC',
  ])
})

it('adds a message of a site', async () => {
  const mapper = await createMapper(
    await rulesWith({
      'overlays/north/outbound/Patient.ZPA.yaml':
        'type: Patient\nsegments: [{ segment: MSH, rows: [{ id: type, to: MSH-9.1, const: ZPA }] }]\n',
    }),
  )
  expect(mapper.outbound.definitions.has('Patient.ZPA')).toBe(false)
  expect(mapper.outbound.laidOver(['north']).definitions.get('Patient.ZPA')).toEqual({ type: 'Patient' })
})

it.each([
  [
    'a row that writes nowhere',
    {
      'overlays/a/outbound/Patient.ADT.yaml':
        'segments: [{ segment: PID, rows: [{ id: wrong, to: PID-5, from: (name }] }]\n',
    },
    /overlays\/a\/outbound\/Patient\.ADT\.yaml.*row wrong/s,
  ],
  [
    'a segment that stands behind none',
    {
      'overlays/a/outbound/Patient.ADT.yaml':
        'segments: [{ segment: ZZZ, after: OBX, rows: [{ id: x, to: ZZZ-1, const: x }] }]\n',
    },
    /there is no "OBX" for ZZZ to stand behind/,
  ],
  [
    'a row to take away that is not there',
    { 'overlays/a/outbound/Patient.ADT.yaml': 'segments: [{ segment: PID, disable: [nothing] }]\n' },
    /there is no nothing to disable/,
  ],
])('refuses %s, whether a destination names the overlay or not', async (_, files, problem) => {
  await expect(createMapper(await rulesWith(files))).rejects.toThrow(problem)
})

const change = (text: string) =>
  `segments: [{ segment: PID, rows: [{ id: patient, to: PID-1, const: ${text} }] }]\n`

it('refuses two overlays of one destination that change the same row', async () => {
  const { outbound } = await createMapper(
    await rulesWith({
      'overlays/a/outbound/Patient.ADT.yaml': change('a'),
      'overlays/b/outbound/Patient.ADT.yaml': change('b'),
    }),
  )
  expect(() => outbound.laidOver(['a', 'b'])).toThrow(/PID patient: overlay a changes it, too/)
  expect(() => outbound.laidOver(['c'])).toThrow(/there is no "c"/)
})
