import { compareVersions } from '../../src/hl7/mllp/ack.ts'

/** Every version that is tried of the standard that is tried. */
export const VERSIONS = ['2.1', '2.2', '2.3', '2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.8'] as const
export type Version = (typeof VERSIONS)[number]

/** A plausible message, in the forms of one version, about a patient of its own. */
export interface Story {
  readonly event: string
  /** Stands in every number of the story. */
  readonly tag: string
  /** Messages, the last of which is the one that is tried. */
  readonly messages: readonly string[]
  /** What the record then holds with the tag in it: the type, and what it is like. */
  readonly type: string
  readonly like: object
}

/** How a version writes the segments that the stories share. */
export interface Pen {
  readonly version: Version
  readonly tag: string
  readonly since: (version: Version) => boolean
  /** `number` is what stands behind the tag, for a second patient. */
  readonly pid: (number?: string, account?: string) => string
  readonly pv1: (fields?: Readonly<Record<number, string>>) => string
  readonly orc: (control: string) => string
  readonly obr: (status?: string) => string
  readonly id: (prefix: string, authority?: string) => string
}

/** Segments behind MSH and EVN. */
type Segments = (pen: Pen) => readonly string[]

/** A trigger event, the versions that have it, what the record holds behind it, its segments, and what comes first. */
export type Trigger = readonly [
  event: string,
  versions: Span,
  type: string,
  like: object,
  segments: Segments,
  ...before: readonly (readonly [event: string, segments: Segments])[],
]

/** The first and the last version; without a last one all that follow. */
type Span = `${Version}+` | `${Version}-${Version}`

export function storyOf([event, , type, like, segments, ...before]: Trigger, version: Version): Story {
  const tag = tagOf(event, version)
  const pen = penOf(version, tag)
  const messages = [...before, [event, segments] as const].map(([code, of], at) =>
    messageOf({ code, segments: of(pen), at, pen }),
  )
  return { event, tag, type, like, messages }
}

export function isIn([, versions]: Trigger, version: Version): boolean {
  const [since = '', until = ''] = versions.replace('+', '').split('-')
  return compareVersions(version, since) >= 0 && (until === '' || compareVersions(version, until) <= 0)
}

/** Fifteen digits that no other story has: numbers of patients were numbers in version 2.1. */
function tagOf(event: string, version: Version): string {
  const codes = Array.from(event.replace('^', ''), (letter) => letter.charCodeAt(0)).join('')
  return codes + version.replaceAll('.', '').padEnd(3, '0')
}

interface Written {
  readonly code: string
  readonly segments: readonly string[]
  readonly at: number
  readonly pen: Pen
}

function messageOf({ code, segments, at, pen }: Written): string {
  const { version, tag, since } = pen
  const time = `202603010${8 + Math.floor(at / 60)}${String(at % 60).padStart(2, '0')}`
  const type = since('2.3.1') ? `${code}^${structureOf(code, version)}` : code
  const head = [
    'MSH',
    '^~\\&',
    'HIS',
    'NORTH',
    'HUB',
    'MOGRAN',
    `${time}00`,
    '',
    type,
    `${tag}${at}`,
    'P',
    version,
  ]
  const evn = HAS_EVN.test(code) ? [`EVN|${since('2.7') ? '' : code.slice(4)}|${time}`] : []
  return [head.join('|'), ...evn, ...segments, ''].join('\r')
}

const HAS_EVN = /^(?:ADT|BAR|DFT|MDM)/

function penOf(version: Version, tag: string): Pen {
  const since = (first: Version) => compareVersions(version, first) >= 0
  const id = (prefix: string, authority = 'CLINIC') => `${prefix}${tag}${since('2.2') ? `^${authority}` : ''}`
  const number = (text: string, type: string) => (since('2.3') ? `${text}^^^NORTH^${type}` : text)
  const doctor = '17^Dent^Ada'
  return {
    version,
    tag,
    since,
    id,
    pid: (suffix = '', account = `9${tag}`) =>
      fields('PID', {
        1: '1',
        3: number(`${tag}${suffix}`, 'MR'),
        5: 'Salih^Nadia',
        7: '19870402',
        8: 'F',
        11: '12 River Road^^Khartoum^^11111',
        13: since('2.6') ? '^PRN^PH^^249^15^5551234' : '555-1234',
        18: number(account, 'AN'),
      }),
    pv1: (more = {}) =>
      fields('PV1', {
        1: '1',
        2: 'I',
        3: 'W1^05^A',
        7: doctor,
        10: 'MED',
        19: number(`8${tag}`, 'VN'),
        ...more,
      }),
    orc: (control) =>
      fields('ORC', { 1: control, 2: id('P'), 3: id('F', 'LAB'), 9: '202603010800', 12: doctor }),
    obr: (status = '') =>
      fields('OBR', {
        1: '1',
        2: id('P'),
        3: id('F', 'LAB'),
        4: '24323-8^Metabolic panel^LN',
        7: '202603010800',
        16: doctor,
        22: status === '' ? '' : '202603010830',
        25: status,
      }),
  }
}

/** A segment by the numbers of its fields. */
export function fields(name: string, values: Readonly<Record<number, string>>): string {
  const last = Math.max(
    ...Object.keys(values)
      .filter((at) => values[Number(at)] !== '')
      .map(Number),
  )
  return [name, ...Array.from({ length: last }, (_, at) => values[at + 1] ?? '')].join('|')
}

/** MSH-9.3: HL7 table 0354, which names most structures by the first event that has them. */
function structureOf(code: string, version: Version): string {
  const own = code.replace('^', '_')
  const shared = SHARED.find(([events, , versions]) => {
    const [since = '', until = ''] = versions.split('-')
    const isThen = compareVersions(version, since) >= 0 && compareVersions(version, until) <= 0
    return isThen && events.split(' ').includes(own)
  })
  return shared?.[1] ?? own
}

const SHARED: readonly (readonly [events: string, structure: string, versions: string])[] = [
  ['ADT_A04 ADT_A08 ADT_A13', 'ADT_A01', '2.3.1-2.8'],
  ['ADT_A07', 'ADT_A06', '2.3.1-2.8'],
  ['ADT_A10 ADT_A11', 'ADT_A09', '2.3.1-2.8'],
  ['ADT_A12', 'ADT_A09', '2.4-2.4'],
  ['ADT_A14 ADT_A28 ADT_A31', 'ADT_A05', '2.4-2.8'],
  ['ADT_A14 ADT_A28 ADT_A31 ADT_A05', 'ADT_A01', '2.3.1-2.3.1'],
  ['ADT_A22 ADT_A23 ADT_A25 ADT_A26 ADT_A27 ADT_A29', 'ADT_A21', '2.4-2.8'],
  ['ADT_A21 ADT_A22 ADT_A23 ADT_A25 ADT_A26 ADT_A27 ADT_A29', 'ADT_A02', '2.3.1-2.3.1'],
  ['ADT_A34', 'ADT_A30', '2.3.1-2.6'],
  ['ADT_A47', 'ADT_A30', '2.3.1-2.6'],
  ['ADT_A47', 'ADT_A44', '2.7-2.8'],
  ['ADT_A40 ADT_A41', 'ADT_A39', '2.3.1-2.8'],
  ['ADT_A44', 'ADT_A43', '2.3.1-2.6'],
  ['ADT_A55', 'ADT_A52', '2.4-2.5.1'],
  ['ADT_A55', 'ADT_A54', '2.6-2.8'],
  ['ORU_R32', 'ORU_R30', '2.5-2.8'],
  ['ORU_R40', 'ORU_R01', '2.8-2.8'],
  ['ORU_R42', 'ORU_R01', '2.8-2.8'],
  ['RDE_O25', 'RDE_O11', '2.5-2.8'],
  [
    'SIU_S13 SIU_S14 SIU_S15 SIU_S16 SIU_S17 SIU_S18 SIU_S19 SIU_S20 SIU_S21 SIU_S22 SIU_S23 SIU_S24 SIU_S26',
    'SIU_S12',
    '2.3.1-2.8',
  ],
  ['MDM_T03 MDM_T05 MDM_T07 MDM_T09 MDM_T11', 'MDM_T01', '2.4-2.8'],
  ['MDM_T04 MDM_T06 MDM_T08 MDM_T10', 'MDM_T02', '2.4-2.8'],
]
