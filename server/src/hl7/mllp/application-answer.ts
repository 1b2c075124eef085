import type { Header } from './header.ts'

/** What the application says to a message of its own kind: the message that the standard names for it. */
interface ApplicationAnswer {
  readonly code: string
  readonly event: string
  /** First version that has it. */
  readonly since?: string
  /** MSH-9.3 by the version from which on it is called so, the newest first. */
  readonly structures: readonly (readonly [since: string, name: string])[]
  /** Segments of the message that stand in the answer, in its order; none: the answer has no group for them. */
  readonly echoed: readonly string[]
}

const ORDER = ['PID', 'ORC']
/** One of them stands behind an ORC. */
const DETAILS = ['OBR', 'RQD', 'RQ1', 'RXO', 'ODS', 'ODT']

/** @see HL7 v2.5.1, 4.4 and 4.13 (orders), 4.16 (vaccines are not answered), 7.3 (R40, IHE PCD-04); v2.7, table 0354 */
const ANSWERS: Readonly<Record<string, ApplicationAnswer>> = {
  // The only one whose group has to say what was ordered.
  'ORM^O01': named('ORR^O02', [...ORDER, ...DETAILS]),
  'OMG^O19': named('ORG^O20', ORDER),
  'OML^O21': named('ORL^O22', ORDER),
  'OMI^O23': named('ORI^O24', [...ORDER, 'OBR', 'IPC']),
  'OML^O33': named('ORL^O34', ['PID', 'SPM', 'SAC', 'ORC']),
  'OML^O35': named('ORL^O36', ['PID', 'SPM', 'SAC', 'ORC']),
  'OMP^O09': named('ORP^O10', ORDER),
  'RDE^O11': named('RRE^O12', ORDER),
  'RDE^O25': {
    ...named('RRE^O26', ORDER),
    structures: [
      ['2.7', 'RRE_O26'],
      ['2.3.1', 'RRE_O12'],
    ],
  },
  'RDS^O13': named('RRD^O14', ORDER),
  'RGV^O15': named('RRG^O16', ORDER),
  'RAS^O17': named('RRA^O18', ORDER),
  // Pharmacies before version 2.4.
  'RDE^O01': named('RRE^O02', ORDER),
  'RDS^O01': named('RRD^O02', ORDER),
  'RGV^O01': named('RRG^O02', ORDER),
  'RAS^O01': named('RRA^O02', ORDER),
  // Before, the standard has no structure for the answer to a point of care device.
  'ORU^R30': { ...named('ORA^R33', ['ORC']), since: '2.6' },
  'ORU^R31': { ...named('ORA^R33', ['ORC']), since: '2.6' },
  'ORU^R32': { ...named('ORA^R33', ['ORC']), since: '2.6' },
  'ORU^R40': named('ORA^R41', []),
}

function named(type: string, echoed: readonly string[]): ApplicationAnswer {
  const [code = '', event = ''] = type.split('^')
  return { code, event, structures: [['2.3.1', `${code}_${event}`]], echoed }
}

/** The messages that answer others: they are never acknowledged themselves. */
const ANSWER_TYPES: ReadonlySet<string> = new Set([
  'ACK',
  'MCF',
  ...Object.values(ANSWERS).map(({ code }) => code),
])

export function isAnswer(header: Header): boolean {
  return ANSWER_TYPES.has(header.component(9, 1))
}

export function applicationAnswer(header: Header): ApplicationAnswer | undefined {
  const answer = ANSWERS[`${header.component(9, 1)}^${header.component(9, 2)}`]
  return answer?.since !== undefined && header.component(12, 1).trim() < answer.since ? undefined : answer
}

/** HL7 table 0119: what is said to a control code when the order was taken; `OK` to every other one. What is asked for has only been received (`RR`). */
const REPLIES: Readonly<Record<string, string>> = {
  CA: 'CR',
  DC: 'DR',
  HD: 'HR',
  RL: 'OR',
  XO: 'XR',
  RP: 'RQ',
  RF: 'RR',
  SN: 'RR',
  SS: 'RR',
}

/**
 * The group of the answer that names each order again, with what became of it: segments as they were sent, one character a byte. None when the
 * message has no ORC, which the group needs.
 */
export function echoedOrders(frame: Buffer, header: Header): readonly string[] {
  const { echoed = [] } = applicationAnswer(header) ?? {}
  const bar = header.fieldSeparator
  const lines = frame.toString('latin1').split(/[\r\n]+/)
  const known = lines.filter((line) => echoed.includes(line.slice(0, 3)) && line.charAt(3) === bar)
  const group = known.filter((line, at) => !isDetail(line) || !isDetail(known[at - 1]))
  if (!group.some((line) => line.startsWith('ORC'))) return []
  return group.map((line) => (line.startsWith('ORC') ? replied(line, bar) : line))
}

function isDetail(line = ''): boolean {
  return DETAILS.includes(line.slice(0, 3))
}

/** ORC-1 to ORC-4: the answer, the number of the placer, of the filler, of the group. */
function replied(line: string, bar: string): string {
  const [name = '', control = '', ...numbers] = line.split(bar)
  return [name, REPLIES[control.trim()] ?? 'OK', ...numbers.slice(0, 3)].join(bar)
}
