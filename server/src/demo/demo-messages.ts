import type { Analyte, DemoPatient } from './patients.ts'
import { ANALYTES } from './patients.ts'

/** HL7 v2 time stamp in UTC: `YYYYMMDDHHMMSS+0000`. */
function stamp(time: number): string {
  return `${new Date(time).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}+0000`
}

/** ADT^A01 of HL7 v2.5.1: the patient is admitted to a bed of ward NORTH now. */
export function admission(patient: DemoPatient, now: number): string {
  const { number, family, given, birth, sex, bed, reason } = patient
  return segments([
    `MSH|^~\\&|DEMO-ADT|MOGRAN-DEMO|HUB|MOGRAN|${stamp(now)}||ADT^A01^ADT_A01|A01-${number}|T|2.5.1|||AL|NE||UNICODE UTF-8`,
    `EVN||${stamp(now)}`,
    `PID|1||${number}^^^DEMO^MR||${family}^${given}||${birth}|${sex}`,
    `PV1|1|I|NORTH^${bed}^${bed}^DEMO||||7001^Idris^Amna^^^^^^DEMO|||MED|||||||||V${number}^^^DEMO^VN|||||||||||||||||||||||||${stamp(now)}`,
    `DG1|1||${reason[0]}^${reason[1]}^I10|||A`,
  ])
}

/** ORU^R01 of HL7 v2.5.1: the basic laboratory results of the patient, measured now. */
export function results(patient: DemoPatient, now: number): string {
  const { number, family, given, birth, sex, bed } = patient
  const rows = ANALYTES.map((analyte, index) => observation(analyte, index, { patient, now }))
  return segments([
    `MSH|^~\\&|DEMO-LAB|MOGRAN-DEMO|HUB|MOGRAN|${stamp(now)}||ORU^R01^ORU_R01|R01-${number}|T|2.5.1|||AL|NE||UNICODE UTF-8`,
    `PID|1||${number}^^^DEMO^MR||${family}^${given}||${birth}|${sex}`,
    `PV1|1|I|NORTH^${bed}^${bed}^DEMO||||||||||||||||V${number}^^^DEMO^VN`,
    `ORC|RE|P${number}^DEMO|F${number}^DEMO-LAB||CM`,
    `OBR|1|P${number}^DEMO|F${number}^DEMO-LAB|24323-8^Comprehensive metabolic panel^LN|||${stamp(now)}|||||||||||||||${stamp(now)}||LAB|F`,
    ...rows,
  ])
}

function observation(
  analyte: Analyte,
  index: number,
  { patient, now }: { patient: DemoPatient; now: number },
): string {
  const [value = '', flag = ''] = patient.results[index] ?? []
  const { loinc, name, unit, range } = analyte
  return `OBX|${index + 1}|NM|${loinc}^${name}^LN||${value}|${unit}^${unit}^UCUM|${range}|${flag}|||F|||${stamp(now)}`
}

function segments(lines: readonly string[]): string {
  return `${lines.join('\r')}\r`
}
