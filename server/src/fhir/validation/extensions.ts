import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'
import { checkProfile } from './profiles/check-profile.ts'

/** What R4, or a definition in `fhir-profiles/`, says of an extension. */
export interface ExtensionRule {
  /** Elements that it may stand in: resource types, data types and paths. */
  readonly contexts: readonly string[]
  /** Properties that may hold its value; none when it has parts instead, absent where its definition leaves it open. */
  readonly values?: readonly string[]
  /** Relative urls of its parts. */
  readonly parts: readonly string[]
  readonly isModifier: boolean
  /** File of what else its definition says. */
  readonly plan?: string
}

const R4_EXTENSION = 'http://hl7.org/fhir/StructureDefinition/'

/** Checks an extension that the hub knows where it stands; of others only their authors know the rules. */
export function checkExtension(extension: JsonObject, isModifier: boolean, check: Check): void {
  const { url } = extension
  if (typeof url !== 'string') return
  const rule = check.extensionRule(url)
  if (!rule) {
    if (check.warnings) adviseOnUnknown(url, isModifier, check)
    return
  }
  if (rule.isModifier !== isModifier)
    check.addAt(
      'url',
      'extension',
      `It is defined as ${rule.isModifier ? 'a modifierExtension' : 'an extension'}: move it there.`,
    )
  checkContent(url, { extension, rule, check })
  const { contexts } = rule
  if (contexts.includes('Element') || contexts.some((each) => check.isWithin(each))) return
  check.fault(
    'extension',
    `This extension is defined for ${contexts.join(', ')}: it has no meaning here, remove it.`,
  )
}

interface Known {
  readonly extension: JsonObject
  readonly rule: ExtensionRule
  readonly check: Check
}

/** The value and the parts. */
function checkContent(url: string, { extension, rule, check }: Known): void {
  const { values } = rule
  const value = Object.keys(extension).find((name) => /^_?value/.test(name))
  if (value !== undefined && values?.includes(value.replace('_', '')) === false) {
    const wanted = values.length === 0 ? 'parts, and no value' : `one of: ${values.join(', ')}`
    check.addAt('value', 'extension', `This extension is defined with ${wanted}.`)
    return
  }
  if (rule.parts.length > 0) checkParts({ extension, rule, check })
  const plan = check.extensionPlan(url, rule)
  if (plan) checkProfile(plan, extension, check)
}

/** A part with a relative url means something only by the definition of the whole. */
function checkParts({ extension, rule, check }: Known): void {
  const parts = Array.isArray(extension['extension']) ? (extension['extension'] as readonly JsonValue[]) : []
  parts.forEach((part, i) => {
    const url = isObject(part) ? part['url'] : undefined
    if (typeof url !== 'string' || url.includes(':') || rule.parts.includes(url)) return
    check.step('extension', i)
    check.addAt(
      'url',
      'extension',
      `The parts of this extension are ${rule.parts.join(', ')}: use one of them.`,
    )
    check.leave()
  })
}

/** Not an error: later versions and other guides define extensions that this hub does not know. */
function adviseOnUnknown(url: string, isModifier: boolean, check: Check): void {
  if (isModifier)
    check.advise(
      'extension',
      'This server does not know the modifierExtension: it keeps it, but does not act on it.',
    )
  else if (url.startsWith(R4_EXTENSION))
    check.advise(
      'extension',
      'R4 has no extension of this url: mend it, or make sure that its readers know it.',
    )
}

const LATER_VERSION = /^http:\/\/hl7\.org\/fhir\/[4-9]\.\d\/StructureDefinition\/extension-/

/** Whether the `_name` of an element holds, as an extension, what a later version of FHIR has in its place. */
export function hasCodeOfLaterVersion(extra: JsonValue | undefined): boolean {
  const extensions = isObject(extra) ? extra['extension'] : undefined
  return (
    Array.isArray(extensions) &&
    (extensions as readonly JsonValue[]).some(
      (each) => isObject(each) && typeof each['url'] === 'string' && LATER_VERSION.test(each['url']),
    )
  )
}
