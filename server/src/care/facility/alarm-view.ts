import type { Communication, Flag } from './record.contract.ts'
import { hasCode, referenced } from './record.contract.ts'
import { VITAL_CODES } from './value-view.contract.ts'
import type { OpenAlarm, Vital } from './wards.contract.ts'
import { VITALS } from './wards.contract.ts'

/** The Flag that the hub's own alarm rule writes, and the Communication by which a person takes care of it. */
const ALARM = { system: 'urn:mogran:alarm', raised: 'vitals.critical', acknowledged: 'acknowledged' } as const

export interface AlarmOf extends OpenAlarm {
  /** `Patient/1`. */
  readonly patient: string
}

/**
 * The alarms that go on: unacknowledged ones first, then the oldest.
 *
 * @param acknowledgements the Communications that bear the ids of the Flags
 */
export function openAlarms(
  flags: readonly Flag[],
  acknowledgements: readonly Communication[],
): readonly AlarmOf[] {
  const sent = new Map(acknowledgements.map((one) => [one.id, Date.parse(one.sent ?? '')]))
  const open = flags.filter((flag) => flag.status === 'active' && isAlarm(flag))
  return open
    .flatMap((flag) => alarmOf(flag, sent.get(flag.id)) ?? [])
    .toSorted(
      (a, b) =>
        Number(a.acknowledged !== undefined) - Number(b.acknowledged !== undefined) || a.since - b.since,
    )
}

function alarmOf(flag: Flag, acknowledged = Number.NaN): AlarmOf | undefined {
  const patient = referenced(flag.subject, 'Patient')
  const since = Date.parse(flag.period?.start ?? '')
  if (patient === undefined || Number.isNaN(since)) return undefined
  const breach = breachOf(flag)
  return {
    id: flag.id,
    patient,
    since,
    ...(breach === undefined ? {} : { breach }),
    ...(Number.isNaN(acknowledged) ? {} : { acknowledged }),
  }
}

function isAlarm({ code }: Flag): boolean {
  return (
    code.coding?.some((coding) => coding.system === ALARM.system && coding.code === ALARM.raised) ?? false
  )
}

/** The reading that goes with the Flag: its value, and the limits as its reference range. */
function breachOf({ contained = [] }: Flag): OpenAlarm['breach'] {
  const reading = contained.find(({ valueQuantity }) => valueQuantity !== undefined)
  const metric = VITALS.find((vital) => isVital(reading?.code, vital))
  const range = reading?.referenceRange?.[0]
  const [value, low, high] = [reading?.valueQuantity, range?.low, range?.high].map((part) =>
    Number(part?.value),
  )
  if (metric === undefined || value === undefined || low === undefined || high === undefined) return undefined
  return [value, low, high].some(Number.isNaN) ? undefined : { metric, value, limits: { low, high } }
}

function isVital(code: Parameters<typeof hasCode>[0], vital: Vital): boolean {
  return VITAL_CODES[vital].some((loinc) => hasCode(code, loinc))
}

/** What is written when somebody takes care of an alarm: one Communication with the id of the Flag, so that there is never a second one. */
export function acknowledgementOf(
  flag: { readonly id: string; readonly patient: string },
  by: Sender,
  now: number,
) {
  return {
    resourceType: 'Communication',
    id: flag.id,
    status: 'completed',
    category: [{ coding: [{ system: ALARM.system, code: ALARM.acknowledged }], text: 'Alarm acknowledged' }],
    subject: { reference: flag.patient },
    about: [{ reference: `Flag/${flag.id}` }],
    sent: new Date(now).toISOString(),
    sender: by.fhirUser === undefined ? { display: by.subject } : { reference: by.fhirUser },
  }
}

interface Sender {
  readonly subject: string
  readonly fhirUser?: string
}
