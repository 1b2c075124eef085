import type { AuditRow } from '../../audit/audit-rows.ts'
import type { JsonObject } from '../../kernel/json.ts'

/** A row of the audit trail as FHIR tells it: read only, and nowhere stored in this form. @see FHIR R4, "AuditEvent" */
export function auditEventOf(row: AuditRow, types: readonly string[]): JsonObject {
  const { id, time, subject, action, interaction, outcome } = row
  const recorded = new Date(time).toISOString()
  const entity = entitiesOf(row, types)
  return {
    resourceType: 'AuditEvent',
    id,
    meta: { versionId: '1', lastUpdated: recorded },
    ...kindOf(interaction),
    action,
    recorded,
    outcome: OUTCOMES[outcome],
    agent: [{ who: { identifier: { value: subject } }, altId: subject, requestor: true }],
    source: { observer: { display: 'Mogran' } },
    ...(entity.length === 0 ? {} : { entity }),
  }
}

/** 4: the action was refused and nothing happened; 8: it was begun and failed. */
const OUTCOMES = { success: '0', refused: '4', failed: '8' } as const

const REST = new Set(
  'read vread update patch delete create history-instance history-type history-system search-type search-system'.split(
    ' ',
  ),
)
const EVENT_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-event-type'
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM'
const SIGN_IN = /^(?:login|logout|token|refresh)/

function kindOf(interaction: string): JsonObject {
  if (REST.has(interaction))
    return {
      type: { system: EVENT_TYPE, code: 'rest', display: 'RESTful Operation' },
      subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: interaction }],
    }
  const type = SIGN_IN.test(interaction)
    ? { system: DICOM, code: '110114', display: 'User Authentication' }
    : { system: DICOM, code: '110100', display: 'Application Activity' }
  return { type, subtype: [{ system: 'urn:mogran:interaction', code: interaction }] }
}

function entitiesOf(
  { entity, patients = [], correlation }: AuditRow,
  types: readonly string[],
): JsonObject[] {
  const entities: JsonObject[] = []
  if (entity !== undefined) entities.push(nameOf(entity, types))
  for (const id of patients) if (`Patient/${id}` !== entity) entities.push(nameOf(`Patient/${id}`, types))
  if (correlation !== undefined)
    entities.push({ type: REQUEST, what: { identifier: { value: correlation } } })
  return entities
}

/** As IHE's Basic Audit Log Patterns name the request that an event belongs to. */
const REQUEST = {
  system: 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType',
  code: 'XrequestId',
}

/** A resource, a type that was searched, or what else was touched. */
function nameOf(entity: string, types: readonly string[]): JsonObject {
  const [code = '', id = ''] = entity.split('/')
  if (!types.includes(code)) return { name: entity }
  const type = { system: 'http://hl7.org/fhir/resource-types', code }
  return id === '' ? { type } : { what: { reference: entity }, type }
}
