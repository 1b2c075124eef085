import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { rulesWith } from '../../../../test/rules-with.ts'
import { parseMessage } from '../../message/parse-message.ts'
import { createMapper } from '../mapper.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../../mappings/', import.meta.url))

/** The files of the worked guide in `mappings/README.md`, as they stand there. */
async function guideFiles(): Promise<Record<string, string>> {
  const readme = await readFile(join(MAPPINGS, 'README.md'), 'utf8')
  const steps = readme.matchAll(/`(overlays\/\S+)`:[^`]*(?:`[^`\n]*`[^`]*)*?```\w+\n([\s\S]*?) *```/g)
  const files = [...steps].map(([, name = '', text = '']): [string, string] => [
    name,
    text.replaceAll(/^ {3}/gm, ''),
  ])
  return Object.fromEntries(files)
}

const feedFor = async (overlays: string) =>
  `${await readFile(join(MAPPINGS, 'feeds', 'default.yaml'), 'utf8')}\noverlays: ${overlays}\n`

const ADMIT = parseMessage(
  [
    'MSH|^~\\&|ADT|EAST|||20260301101500||ADT^A01|M1|P|2.5.1',
    'EVN|A01',
    'PID|1||4711^^^HOSP^MR||Okoye^Ada',
    `PV1|1|X1|W1${'|'.repeat(16)}V77`,
    'ZBC|blue',
  ].join('\r'),
)

it('is what the worked guide says: a segment of a site, a code of a site, and nobody else notices', async () => {
  const files = await guideFiles()
  expect(Object.keys(files)).toHaveLength(3)
  const mapper = await createMapper(await rulesWith({ ...files, 'feeds/east.yaml': await feedFor('[east]') }))
  const east = mapper.map(ADMIT, 'east')
  const visit = east.images.find(({ key }) => key === 'encounter')?.resource
  expect(visit).toMatchObject({
    class: { code: 'EMER' },
    extension: [{ url: 'urn:east:bed-colour', valueString: 'blue' }],
  })
  expect(east.warnings).toEqual([])
  const common = mapper.map(ADMIT, 'default')
  expect(common.images.find(({ key }) => key === 'encounter')?.resource['extension']).toBeUndefined()
  expect(common.warnings.map(({ kind, at }) => `${kind} ${at}`)).toEqual([
    'unmapped-code PV1-2',
    'unmapped-field ZBC',
  ])
})

it('loses nothing of the common rules, whatever an image adds', async () => {
  const files = await guideFiles()
  const mapper = await createMapper(await rulesWith({ ...files, 'feeds/east.yaml': await feedFor('[east]') }))
  const { segments } = ADMIT
  const nurse = `${segments.map(({ raw }) => raw).join('\r')}\rROL|1|AD|AT|77^Okoye^Ada`
  const [east, common] = ['east', 'default'].map((feed) => {
    const { images, warnings } = mapper.map(parseMessage(nurse.replace('X1', 'I')), feed)
    return { visit: images.find(({ key }) => key === 'encounter')?.resource, warnings }
  })
  const { participant } = common?.visit ?? {}
  expect(participant).toHaveLength(1)
  expect(east?.visit).toMatchObject({ participant, extension: [{ valueString: 'blue' }] })
})

it('adds maps of two overlays to one image', async () => {
  const files = await guideFiles()
  const rows =
    "rows:\n  - { id: ZBD-1, from: ZBD-1, to: 'extension[+]', rows: [{ id: ZBD-1.url, to: url, const: 'urn:b' }, { id: ZBD-1.value, from: $this, to: valueString }] }\n"
  const mapper = await createMapper(
    await rulesWith({
      ...files,
      'overlays/b/segments/ZBD.Encounter.yaml': `segment: ZBD\ntype: Encounter\n${rows}`,
      'overlays/b/messages/ADT.yaml': 'images: [{ use: encounter, adds: [ZBD.Encounter] }]\n',
      'feeds/east.yaml': await feedFor('[east, b]'),
    }),
  )
  const both = `${ADMIT.segments.map(({ raw }) => raw).join('\r')}\rZBD|bright`
  const visit = mapper.map(parseMessage(both), 'east').images.find(({ key }) => key === 'encounter')
  expect(visit?.resource['extension']).toMatchObject([{ url: 'urn:east:bed-colour' }, { url: 'urn:b' }])
})

it('takes rows away, and puts its own before the common ones', async () => {
  const mapper = await createMapper(
    await rulesWith({
      'feeds/east.yaml': await feedFor('[east]'),
      'overlays/east/segments/PID.Patient.yaml':
        "disable: [PID-8]\nrows:\n  - { id: PID-7, to: birthDate, const: '1900-01-01' }\n  - { id: east, to: gender, const: unknown }\n",
    }),
  )
  const message = parseMessage(
    'MSH|^~\\&|A|B|||20260301||ADT^A28|1|P|2.5\rPID|1||7^^^H^MR||Okoye||19870402|F',
  )
  expect(mapper.map(message, 'east').images[0]?.resource).toMatchObject({
    birthDate: '1900-01-01',
    gender: 'unknown',
  })
  expect(mapper.map(message, 'default').images[0]?.resource).toMatchObject({
    birthDate: '1987-04-02',
    gender: 'female',
  })
})

it.each([
  [
    'two overlays that change the same row',
    { 'overlays/b/segments/PID.Patient.yaml': 'rows: [{ id: PID-7, from: PID-7, to: birthDate }]\n' },
    /PID-7: overlay a changes it, too/,
  ],
  [
    'a row that is not there',
    { 'overlays/b/segments/PID.Patient.yaml': 'disable: [PID-99]\n' },
    /there is no PID-99 to disable/,
  ],
  ['an overlay that is not there', {}, /there is no "b"/],
])('refuses %s', async (_, files, problem) => {
  const folder = await rulesWith({
    'feeds/east.yaml': await feedFor('[a, b]'),
    'overlays/a/segments/PID.Patient.yaml': 'rows: [{ id: PID-7, from: PID-7.1, to: birthDate, fn: date }]\n',
    ...files,
  })
  await expect(createMapper(folder)).rejects.toThrow(problem)
})

it('gives numbers of orders without assigner the application of MSH-3, where an overlay says so', async () => {
  const number =
    '{ id: EI.application, from: MSH-3.1, when: EI.2.empty() and EI.3.empty(), to: system, fn: assignerSystem }'
  const mapper = await createMapper(
    await rulesWith({
      'feeds/east.yaml': await feedFor('[east]'),
      'overlays/east/datatypes/EI.Placer.yaml': `datatype: EI\nrows:\n  - ${number}\n`,
    }),
  )
  const systems = ['WARD', 'CLINIC'].map((application) => {
    const header = `MSH|^~\\&|${application}|EAST|||20260301101500||ORM^O01|M1|P|2.5.1`
    const segments = [header, 'PID|1||4711^^^HOSP^MR||Okoye^Ada', 'ORC|NW|P1', 'OBR|1|||GLU^Glucose^L']
    const { images } = mapper.map(parseMessage(segments.join('\r')), 'east')
    return images.find(({ key }) => key === 'order')?.resource['identifier']
  })
  expect(systems).toMatchObject([
    [{ value: 'P1', system: 'urn:mogran:assigner:WARD' }],
    [{ value: 'P1', system: 'urn:mogran:assigner:CLINIC' }],
  ])
})

it('takes the facility out of what tells the beds of one house apart', async () => {
  const bed = await readFile(join(MAPPINGS, 'datatypes', 'PL.Bed.yaml'), 'utf8')
  const [image = ''] = /^image:\n(?: .*\n)+/m.exec(bed) ?? []
  const files = {
    'overlays/house/datatypes/PL.Bed.yaml': `datatype: PL\n${image.replace("'?PL.4.1', ", '')}rows: []\n`,
    'feeds/east.yaml': await feedFor('[house]'),
  }
  const mapper = await createMapper(await rulesWith(files))
  const beds = (feed: string) =>
    ['W1^05^A', 'W1^05^A^NORTH'].map((place) => {
      const visit = ADMIT.segments.map(({ raw }) => raw.replace('|X1|W1', `|I|${place}`)).join('\r')
      const { images } = mapper.map(parseMessage(visit), feed)
      return images.find(({ key }) => key === 'bed')?.aliases[0]?.value
    })
  expect(new Set(beds('east')).size).toBe(1)
  expect(new Set(beds('default')).size).toBe(2)
})
