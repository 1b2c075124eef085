import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { loadDefinitions } from '../../fhir/load-definitions.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { parseMessage } from '../message/parse-message.ts'
import { createMapper } from './mapper.ts'

const mapper = await createMapper(fileURLToPath(new URL('../../../../mappings/', import.meta.url)))
const definitions = loadDefinitions()
const SENT = Buffer.from('%PDF-1.4').toString('base64')

const message = (type: string, ...lines: readonly string[]) =>
  [`MSH|^~\\&|LAB|NORTH|||20260301101500||${type}|M1|P|2.5.1`, ...lines].join('\r')
const PATIENT = 'PID|1||4711^^^HOSP^MR||Okoye^Ada'
const result = (obx: string, obr = 'OBR|1|P1|F1|X^Panel|||20260301||||||||||||||||||F') =>
  message('ORU^R01', PATIENT, obr, obx)

async function taken(text: string) {
  const { images, warnings } = mapper.map(parseMessage(text), 'default')
  const errors: string[] = []
  const types = new Map(images.map(({ key, type }) => [key, type]))
  for (const { type, resource, own } of images) {
    if (own === 'link') continue
    const plain = JSON.stringify(resource).replaceAll(
      /"#image:([^"]+)"/g,
      (_, key: string) => `"${types.get(key) ?? ''}/1"`,
    )
    const issues = (await definitions.load(type))?.validate(JSON.parse(plain) as JsonObject, 3) ?? []
    errors.push(
      ...issues.filter(({ severity }) => severity === 'error').map((one) => `${one.at} ${one.text}`),
    )
  }
  const of = (key: string): JsonObject | undefined => images.find((image) => image.key === key)?.resource
  return { errors, of, warnings: warnings.map(({ kind, at }) => `${kind} ${at}`) }
}

const numbered = (numbers: string) =>
  mapper.map(parseMessage(message('ORU^R01', `PID|1||${numbers}||Okoye^Ada`, 'OBR|1|P1|F1|X')), 'default')

const systemsOf = (numbers: string) =>
  numbered(numbers)
    .images.find(({ key }) => key === 'patient')
    ?.aliases.map(({ system }) => system)

it('says which types of numbers do not identify anybody', () => {
  expect(() => numbered('471155^^^HOSP^PPS~SECRET12^^^HOSP^AN')).toThrow(
    'which patient it is about: numbers of type PPS, AN do not identify one in this feed (identityPreference of its file)',
  )
  expect(() => numbered('')).toThrow(/which patient it is about$/)
})

it('knows a person in evaluation mode by a number of type MRN, behind one of type MR', () => {
  expect(systemsOf('1^^^EAST^MRN')).toEqual(['urn:mogran:assigner:EAST'])
  expect(systemsOf('1^^^EAST^MRN~2^^^WEST^MR')?.[0]).toBe('urn:mogran:assigner:WEST')
})

/** What an odd field leaves behind: a resource that can be written, and a line for the statistics. */
describe('a result with one odd field', () => {
  it.each([
    ['a number with a comparator', 'OBX|1|NM|A^T||<0.5||||||F', ''],
    ['a number above', 'OBX|1|NM|A^T||>100||||||F', ''],
    ['a number without a leading digit', 'OBX|1|NM|A^T||.5||.2-.9|||||F', ''],
    ['a limit without a leading digit', 'OBX|1|NM|A^T||<.5||||||F', ''],
    ['a decimal comma', 'OBX|1|NM|A^T||1,5||||||F', 'bad-value OBX-5'],
    ['a word for a number', 'OBX|1|NM|A^T||NEG||||||F', 'bad-value OBX-5'],
    ['a number beyond any double', `OBX|1|NM|A^T||1${'0'.repeat(400)}||||||F`, 'bad-value OBX-5'],
    ['no code', 'OBX|1|NM|||1||||||F', 'no-identity OBX'],
    ['a name alone', 'OBX|1|NM|^Sodium||1||||||F', ''],
    ['a status of nobody', 'OBX|1|NM|A^T||1||||||Q', 'unmapped-code OBX-11'],
    ['a status in lower case', 'OBX|1|NM|A^T||1||||||f', 'unmapped-code OBX-11'],
    ['an impossible day', 'OBX|1|NM|A^T||1||||||F|||20260231', 'bad-value OBX-14'],
    ['a date of zeros', 'OBX|1|NM|A^T||1||||||F|||00000000', 'bad-value OBX-14'],
    ['a date by another rule', 'OBX|1|DT|A^T||31.12.2025||||||F', 'bad-value OBX-5'],
    ['a time of words', 'OBX|1|TM|A^T||noon||||||F', 'bad-value OBX-5'],
    ['a control character that is spelled', 'OBX|1|ST|A^T||a\\X0B\\b||||||F', 'bad-value OBX-5'],
    ['a line end that is spelled', 'OBX|1|ST|A^T||a\\X0D0A\\b||||||F', ''],
    ['a unit of blanks', 'OBX|1|NM|A^T||1|m g / l^^UCUM|||||F', ''],
    ['a unit with a wide gap', 'OBX|1|NM|A^T||1|  x   y ^^UCUM|||||F', ''],
    ['a unit that is a system only', 'OBX|1|NM|A^T||1|^^UCUM|||||F', ''],
    ['a system with blanks', 'OBX|1|CE|A^T||B^C^http://x y||||||F', 'unmapped-code OBX-5.3'],
    ['a broken OID as system', 'OBX|1|CE|A^T||B^C^2.16.840.01.5||||||F', 'unmapped-code OBX-5.3'],
    ['a code with blanks', 'OBX|1|CE|A  B ^T||B   C ^C^L||||||F', ''],
    ['a coded value of text alone', 'OBX|1|CWE|A^T||^^^^^^^^words||||||F', ''],
    ['a structured number without a number', 'OBX|1|SN|A^T||>^x||||||F', ''],
    ['an unknown comparator', 'OBX|1|SN|A^T||~^5||||||F', ''],
    ['a range of words', 'OBX|1|NR|A^T||low^high||||||F', ''],
    ['a range upside down', 'OBX|1|NR|A^T||9^1||||||F', ''],
    ['a structured range upside down', 'OBX|1|SN|A^T||^9^-^1||||||F', ''],
    ['a period that ends before it begins', 'OBX|1|DR|A^T||20260302^20260301||||||F', 'bad-value OBX-5.2'],
    ['a reference range upside down', 'OBX|1|NM|A^T||1||9-1|||||F', ''],
    ['an unknown flag', 'OBX|1|NM|A^T||1|||ZZ^x|||F', 'unmapped-code OBX-8'],
    ['a very long id', `OBX|1|NM|A^T|${'9'.repeat(2000)}|1||||||F`, ''],
    ['an id with blanks', 'OBX|1|NM|A^T||1||||||F||||||||||a b  c^^1.2 3^ISO', ''],
    ['a ratio of nothing', 'OBX|1|SN|A^T||^1^:^||||||F', ''],
    ['a pointer with blanks', 'OBX|1|RP|A^T||\\\\srv\\my files\\a.pdf^^AP^PDF||||||F', ''],
    ['an unknown type of value', 'OBX|1|QQ|A^T||x||||||F', 'bad-value OBX-2'],
    ['a type in lower case', 'OBX|1|nm|A^T||7||||||F', 'bad-value OBX-2'],
    ['a type of the standard without a form', 'OBX|1|XPN|A^T||Okoye^Ada||||||F', ''],
    ['no type of value', 'OBX|1||A^T||7||||||F', 'bad-value OBX-5'],
    ['neither type nor value', 'OBX|1||A^T||||||||F', ''],
    ['data of no encoding', `OBX|1|ED|A^T||^AP^PDF^Zip^${SENT}||||||F`, 'bad-value OBX-5'],
    ['data that are no base64', 'OBX|1|ED|A^T||^AP^PDF^Base64^%%%||||||F', 'bad-value OBX-5'],
    ['data alone', `OBX|1|ED|A^T||${SENT}||||||F`, ''],
    ['an operator without number', 'OBX|1|ST|A^T||x||||||F|||||^Doe^J', ''],
    ['no value', 'OBX|1|ED|A^T||||||||F', ''],
    ['control characters', 'OBX|1|ST|A^T||a\\X00\\b\\X07\\||||||F', 'bad-value OBX-5'],
    ['control characters in a code', 'OBX|1|ST|A\\X01\\^T\\X02\\||a||||||F', 'bad-value OBX-3'],
    ['only control characters', 'OBX|1|ST|A^T||\\X01\\||||||F', 'bad-value OBX-5'],
  ])('is written with %s', async (_, obx, told) => {
    const { errors, warnings } = await taken(result(obx))
    expect({ errors, warnings }).toEqual({ errors: [], warnings: told ? [told] : [] })
  })
})

describe('a report about nobody', () => {
  const lines = ['OBR|1|P1|F1|X^Panel|||20260301||||||||||||||||||F', 'OBX|1|ST|A^T||x||||||F']
  it('is written and reported, once a report', async () => {
    const { errors, warnings, of } = await taken(message('ORU^R01', ...lines, 'OBR|2|P2|F2|Y^Panel'))
    expect(errors).toEqual([])
    expect(warnings).toEqual(['no-identity OBR[1]', 'no-identity OBR[2]'])
    expect(of('report')).not.toHaveProperty('subject')
  })

  it.each(['PID', 'PID|1', 'PID|1||^^^HOSP^MR||Okoye^Ada'])('is refused with %s', (pid) => {
    expect(() => mapper.map(parseMessage(message('ORU^R01', pid, ...lines)), 'default')).toThrow(
      /which patient/,
    )
  })

  it('counts segments with names in lower case as what no rule reads', async () => {
    const { warnings } = await taken(message('ORU^R01', PATIENT.toLowerCase(), ...lines, 'zzz|1'))
    expect(warnings).toEqual(['no-identity OBR', 'unmapped-field pid', 'unmapped-field zzz'])
  })
})

it.each([
  ['FT', '   Drug     A    B\\.br\\Gentamicin     R'],
  ['TX', '   Drug     A    B~Gentamicin     R  '],
])('keeps the columns of a text (%s)', async (type, text) => {
  const { errors, of } = await taken(result(`OBX|1|${type}|A^T||${text}||||||F`))
  expect(errors).toEqual([])
  expect(of('observation')?.['valueString']).toBe('   Drug     A    B\nGentamicin     R')
})

describe('an order with one odd field', () => {
  it.each([
    ['times upside down', 'OBR|1|P1|F1|X|||20260302|20260301|||||||||||||||||F'],
    ['a day for an instant', 'OBR|1|P1|F1|X|||20260301|||||||||||||||20260301|||F'],
    ['numbers with blanks', 'OBR|1|P 1 ^my lab|F  1^a b^1 2^ISO|X|||20260301||||||||||||||||||F'],
    ['no code', 'OBR|1|P1|F1||||20260301||||||||||||||||||F'],
    ['a doctor of a name alone', 'OBR|1|P1|F1|X|||20260301|||||||||^Roe^R|||||||||F'],
    ['an unknown status', 'OBR|1|P1|F1|X|||20260301||||||||||||||||||q'],
  ])('is written with %s', async (_, obr) => {
    const { errors } = await taken(result('OBX|1|NM|A^T||1||||||F', obr))
    expect(errors).toEqual([])
  })
})

describe('a duration of an order', () => {
  it.each([
    ['alone', 'TQ1|1||QD|||7^d', ''],
    ['beside start and end', 'TQ1|1||QD|||7^d|20260301|20260308', ''],
    ['beside a start', 'TQ1|1||QD|||7^d|20260301', 'bad-value TQ1-6'],
    ['of an unknown unit', 'TQ1|1||QD|||7^moons', 'bad-value TQ1-6'],
  ])('is kept or reported %s', async (_, tq1, told) => {
    const orders = [
      message('OML^O21', PATIENT, 'ORC|NW|P1', tq1, 'OBR|1|P1||X^Panel'),
      message('RDE^O11', PATIENT, 'ORC|NW|P1', 'RXE||D^Drug|1||mg', tq1, 'RXR|PO'),
    ]
    for (const order of orders) {
      const { errors, warnings } = await taken(order)
      expect({ errors, warnings }).toEqual({ errors: [], warnings: told ? [told] : [] })
    }
  })
})

describe('a patient with one odd field', () => {
  it.each([
    ['a birth date of zeros', 'PID|1||4711||Okoye^Ada||00000000|F'],
    ['an impossible birth date', 'PID|1||4711||Okoye^Ada||19870231|F'],
    ['a birth time of zeros', 'PID|1||4711||Okoye^Ada||198702010000|F'],
    ['a birth date with a bad time', 'PID|1||4711||Okoye^Ada||198702019999|F'],
    ['an unknown sex', 'PID|1||4711||Okoye^Ada|||q'],
    ['a phone of nothing', 'PID|1||4711||Okoye^Ada||||||||^PRN^PH~^NET^Internet~ ~x'],
    ['a phone of a use alone', 'PID|1||4711||Okoye^Ada||||||||^ZZZ^QQ^^^^^^note'],
    ['a mail address in odd places', 'PID|1||4711||Okoye^Ada||||||||a@b^NET^Internet^ ~^^^c@d'],
    ['a rank of zero', 'PID|1||4711||Okoye^Ada||||||||555^PRN^PH^^^^^^^^^^^^^^^0'],
    ['an identifier with blanks', 'PID|1||47 11  x^^^HO SP&1 2&ISO^MR||Okoye^Ada'],
    ['an identifier of an odd period', 'PID|1||4711^^^HOSP^MR^^20260302^20260301||Okoye^Ada'],
    ['a name of an odd period', 'PID|1||4711||Okoye^Ada^^^^^L^^^^^20260302^20260301'],
    ['an address of an odd use', 'PID|1||4711||Okoye^Ada||||||^^^^^^QQ~^^^^^ ^H'],
    ['a very long identifier', `PID|1||${'8'.repeat(5000)}||Okoye^Ada`],
    ['an odd birth order', 'PID|1||4711||Okoye^Ada|||||||||||||||||||X|0x1'],
    ['an odd death', 'PID|1||4711||Okoye^Ada||||||||||||||||||||||||20261399|maybe'],
    ['languages of nothing', 'PID|1||4711||Okoye^Ada||||||||||^ ^^^^x|Q'],
    ['a name of blanks', 'PID|1||4711|| ^ ^ '],
  ])('is written with %s', async (_, pid) => {
    const { errors } = await taken(message('ADT^A08', 'EVN|A08', pid, `PV1|1|I|W1${'|'.repeat(16)}V77`))
    expect(errors).toEqual([])
  })
})

describe('a visit with one odd field', () => {
  it.each([
    ['times upside down', `PV1|1|I|W1${'|'.repeat(16)}V77${'|'.repeat(25)}20260302|20260301`],
    ['an unknown class', `PV1|1|Q|W1${'|'.repeat(16)}V77`],
    ['a place of blanks', `PV1|1|I| ^ ^ ${'|'.repeat(16)}V77`],
    ['a number with blanks', `PV1|1|I|W 1  x^2 ${'|'.repeat(16)}V 77  `],
    ['bad times', `PV1|1|I|W1${'|'.repeat(16)}V77${'|'.repeat(25)}yesterday|0`],
  ])('is written with %s', async (_, pv1) => {
    const { errors } = await taken(message('ADT^A08', 'EVN|A08', PATIENT, pv1))
    expect(errors).toEqual([])
  })
})

const attachmentOf = async (obx: string) => {
  const { errors, of } = await taken(result(obx))
  const [extension] = (of('observation')?.['extension'] ?? []) as readonly JsonObject[]
  return { errors, ...(extension?.['valueAttachment'] as JsonObject) }
}

describe('encapsulated data', () => {
  it.each([
    ['^application^pdf^Base64^', 'application/pdf'],
    ['^AP^PDF^BASE64^', 'application/pdf'],
    ['^Application^Pdf^base64^', 'application/pdf'],
    ['^^PDF^Base64^', 'application/pdf'],
    ['^application/pdf^^Base64^', 'application/pdf'],
    ['^TEXT^HTML^Base64^', 'text/html'],
    ['^TX^plain^Base64^', 'text/plain'],
    ['^TEXT^^Base64^', 'text/plain'],
    ['^Image^jpeg^Base64^', 'image/jpeg'],
    ['^IM^TIFF^Base64^', 'image/tiff'],
    ['^image^png^Base64^', 'image/png'],
    ['^IM^Gif^Base64^', 'image/gif'],
    ['^application^vnd.ms-excel^Base64^', 'application/vnd.ms-excel'],
    ['^application^x-zip^Base64^', 'application/x-zip'],
    ['^multipart^-hl7-cda-level-one^Base64^', 'multipart/x-hl7-cda-level-one'],
    ['^application^Octet-stream^Base64^', 'application/octet-stream'],
    ['^SI^WHO^Base64^', 'application/octet-stream'],
    ['^^^Base64^', 'application/octet-stream'],
  ])('of kind %s is %s', async (head, contentType) => {
    const made = await attachmentOf(`OBX|1|ED|A^T||${head}${SENT}||||||F`)
    expect(made).toEqual({ errors: [], contentType, data: SENT })
  })

  it.each([
    ['plain text', `A^%PDF-1.4`],
    ['hexadecimal digits', `hex^255044462d312e34`],
    ['base64 with line breaks', `Base64^${SENT.slice(0, 4)}\\.br\\${SENT.slice(4)}\\X0D0A\\`],
    ['base64 without padding', `base64^${SENT.replaceAll('=', '')}`],
  ])('is read from %s', async (_, data) => {
    expect(await attachmentOf(`OBX|1|ED|A^T||^AP^PDF^${data}||||||F`)).toMatchObject({
      errors: [],
      data: SENT,
    })
  })

  it('is counted when nobody knows its kind', async () => {
    const { warnings } = await taken(result(`OBX|1|ED|A^T||^SI^WHO^Base64^${SENT}||||||F`))
    expect(warnings).toEqual(['unmapped-code OBX-5.2'])
  })

  it('of a pointer has a kind too', async () => {
    const made = await attachmentOf(
      'OBX|1|RP|A^T||https://pacs.north/my file.pdf^PACS^application^pdf||||||F',
    )
    expect(made).toEqual({
      errors: [],
      contentType: 'application/pdf',
      url: 'https://pacs.north/my%20file.pdf',
    })
  })
})

it.each([
  ['DT', '31.12.2025'],
  ['TM', 'noon'],
  ['NR', 'low^high'],
  ['NR', '9^1'],
  ['NM', '< about 0.5'],
  ['ED', 'POSITIVE'],
])('keeps values of type %s that cannot be read as texts', async (type, value) => {
  const { of } = await taken(result(`OBX|1|${type}|A^T||${value}||||||F`))
  expect(of('observation')).toMatchObject({ valueString: value })
})

it('reports a text that switches its character set by escape sequences', async () => {
  const name = 'Yamada^Taro~\\M2442\\;3ED\\C2842\\^B@O:'
  const { of, warnings } = await taken(message('ADT^A31', PATIENT.replace('Okoye^Ada', name)))
  expect(warnings).toContain('bad-value PID-5')
  expect(of('patient')).toMatchObject({ name: [{ family: 'Yamada' }, { family: '\\M2442\\;3ED\\C2842\\' }] })
})
