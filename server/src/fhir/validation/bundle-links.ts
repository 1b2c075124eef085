import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { sameUrn } from '../keys/same-urn.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'

/**
 * A document holds what its Composition is about and what its sections list.
 *
 * @see FHIR R4, "FHIR Documents", 3.3.1
 */
export function checkDocument(entries: readonly JsonObject[], check: Check): void {
  const composition = first(entries, 'Composition')
  if (!composition || !check.item('entry', 0, entries[0])) return
  if (check.enter('resource', composition)) {
    checkReference('subject', composition['subject'], { entries, check })
    checkSections(composition['section'], { entries, check })
    check.leave()
  }
  check.leave()
}

/** A message holds what its header focuses on. @see FHIR R4, "Messaging" */
export function checkMessage(entries: readonly JsonObject[], check: Check): void {
  const header = first(entries, 'MessageHeader')
  if (!header || !check.item('entry', 0, entries[0])) return
  if (check.enter('resource', header)) {
    checkReferences('focus', header['focus'], { entries, check })
    check.leave()
  }
  check.leave()
}

interface Scope {
  readonly entries: readonly JsonObject[]
  readonly check: Check
}

function first(entries: readonly JsonObject[], type: string): JsonObject | undefined {
  const resource = entries[0]?.['resource']
  return isObject(resource) && resource['resourceType'] === type ? resource : undefined
}

function checkSections(value: JsonValue | undefined, scope: Scope): void {
  const sections = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  sections.forEach((section, i) => {
    if (!isObject(section) || !scope.check.item('section', i, section)) return
    checkReferences('entry', section['entry'], scope)
    checkSections(section['section'], scope)
    scope.check.leave()
  })
}

function checkReferences(name: string, value: JsonValue | undefined, scope: Scope): void {
  const references = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  references.forEach((reference, i) => {
    if (!isObject(reference) || !scope.check.item(name, i, reference)) return
    reportMissing(reference, scope)
    scope.check.leave()
  })
}

function checkReference(name: string, value: JsonValue | undefined, scope: Scope): void {
  if (!isObject(value) || !scope.check.enter(name, value)) return
  reportMissing(value, scope)
  scope.check.leave()
}

function reportMissing({ reference }: JsonObject, { entries, check }: Scope): void {
  if (typeof reference !== 'string' || reference.startsWith('#')) return
  if (!entries.some((entry) => isMeant(entry, reference)))
    check.addAt('reference', 'not-found', 'No entry of this Bundle is what this refers to: add the resource.')
}

const VERSIONED = /^(.{1,2000})\/_history\/([A-Za-z0-9.-]{1,64})$/

/** By fullUrl, or by type and id below the same base; a versioned reference means one version only. */
function isMeant({ fullUrl, resource }: JsonObject, reference: string): boolean {
  const [, plain = reference, version] = VERSIONED.exec(reference) ?? []
  if (!isObject(resource)) return false
  const { resourceType, id, meta } = resource
  if (version !== undefined && (!isObject(meta) || meta['versionId'] !== version)) return false
  const address = typeof fullUrl === 'string' ? sameUrn(fullUrl) : undefined
  if (address === sameUrn(plain) || address === sameUrn(reference)) return true
  return typeof resourceType === 'string' && typeof id === 'string' && `${resourceType}/${id}` === plain
}
