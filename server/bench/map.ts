import { fileURLToPath } from 'node:url'

import { createMapper } from '../src/hl7/mapping/mapper.ts'
import { parseMessage } from '../src/hl7/message/parse-message.ts'

/** Messages a second of one core: parsing beside a plain lazy split, and mapping. `npm run bench:map`. */
const mapper = await createMapper(fileURLToPath(new URL('../../mappings/', import.meta.url)))

const ADT = [
  'MSH|^~\\&|ADT|NORTH|HUB|MAIN|20260301101500||ADT^A01^ADT_A01|M1|P|2.5.1',
  'EVN|A01|20260301101400',
  'PID|1||4711^^^HOSP^MR~99^^^2.16.840.1.113883.4.1&&ISO^SS||Okoye^Ada^N^^Dr^^L||19870402|F|||12 Nile St^Flat 2^Khartoum^KH^11111^SD^H||^PRN^PH^^249^91^5551234|^WPN^Internet^ada@x.org|en^English^ISO639|M^Married',
  'NK1|1|Okoye^Ben|SPO^Spouse|||^PRN^PH^^249^91^5551235',
  'PV1|1|I|W1^101^A^HOSP||||D1^Kamau^Jane^^^Dr^^^NPI|||MED||||7|||||V77^^^HOSP^VN|||||||||||||||||||||||||202603010900',
  'AL1|1|DA|P^Penicillin^L|SV|Rash',
  'DG1|1||I10^Hypertension^I10|||A',
].join('\r')

const CBC = [
  'MSH|^~\\&|LAB|NORTH|HUB|MAIN|20260301101500||ORU^R01^ORU_R01|M1|P|2.5.1',
  'PID|1||4711^^^HOSP^MR||Okoye^Ada',
  'PV1|1|I|W1^101^A^HOSP||||D1^Kamau^Jane^^^Dr^^^NPI|||MED||||7|||||V77^^^HOSP^VN',
  'ORC|RE|P100^HIS|F200^LAB',
  'OBR|1|P100^HIS|F200^LAB|58410-2^CBC panel^LN|||20260301083000|||||||||||||||20260301100000||HM|F',
  ...Array.from(
    { length: 28 },
    (_, at) =>
      `OBX|${at + 1}|NM|${700 + at}-7^Test ${at}^LN||${at}.10|g/dL^^UCUM|12.0-16.0|N|||F|||20260301083000||L7^Osei^Kofi^^^^^^LAB`,
  ),
].join('\r')

const FIELDS = ['MSH-10', 'MSH-9.2', 'EVN-2', 'PID-3', 'PID-5', 'PID-7', 'PID-8', 'PV1-2', 'PV1-19', 'DG1-3']

/** What is left when everything but finding ten fields is left out. */
function plainSplit(text: string): number {
  const segments = text.split('\r')
  let length = 0
  for (const path of FIELDS) {
    const segment = segments.find((one) => one.startsWith(path.slice(0, 3)))
    const number = Number(path.slice(4).split('.')[0])
    length += segment?.split('|')[number]?.split('^')[0]?.length ?? 0
  }
  return length
}

function parsed(text: string): number {
  const message = parseMessage(text)
  let length = 0
  for (const path of FIELDS) length += message.get(path).length
  return length
}

const ROWS: readonly (readonly [string, number, number, () => unknown])[] = [
  ['plain split, ten fields', 200_000, 0, () => plainSplit(ADT)],
  ['parse ADT, ten fields', 100_000, 200_000, () => parsed(ADT)],
  ['map ADT', 8000, 5000, () => mapper.map(parseMessage(ADT), 'default')],
  ['map CBC of 28 OBX', 1200, 1000, () => mapper.map(parseMessage(CBC), 'default')],
]

for (const [what, times, wanted, run] of ROWS) {
  const rate = median([0, 1, 2].map(() => perCoreSecond(times, run)))
  process.stdout.write(
    `${what.padEnd(26)} ${String(Math.round(rate)).padStart(9)} /s  wanted ${wanted || '-'}\n`,
  )
}

/** CPU time, so that other work on the machine counts as little as it can. */
function perCoreSecond(times: number, run: () => unknown): number {
  for (let warm = 0; warm < times / 2; warm++) run()
  const start = process.threadCpuUsage()
  for (let done = 0; done < times; done++) run()
  const { user, system } = process.threadCpuUsage(start)
  return times / ((user + system) / 1e6)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
