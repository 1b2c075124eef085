import { fault } from '../../kernel/fault.ts'
import type { Call } from './call.ts'

export const FHIR_JSON = 'application/fhir+json; charset=utf-8'

/** The third is that of DSTU2, which older clients still send. */
const JSON_NAMES = ['application/fhir+json', 'application/json', 'application/json+fhir', 'text/json']
const JSON_TYPES = new Set([...JSON_NAMES, 'application/*', '*/*'])
const JSON_FORMATS = new Set([...JSON_NAMES, 'json'])

/**
 * JSON is the one format that the hub speaks; `_format` wins over Accept.
 *
 * @throws Fault `not-acceptable`
 */
export function checkAcceptable(accept: string | undefined, format: string | undefined): void {
  if (format !== undefined && format !== '') {
    // The plus sign of application/fhir+json arrives as a blank from clients that do not encode it.
    const [type = '', ...parameters] = partsOf(format)
    if (JSON_FORMATS.has(type.replace(' ', '+')) && parameters.every(isR4)) return
  } else if (accept === undefined || accept.trim() === '' || accept.split(',').some(isJson)) return
  throw fault('not-acceptable', {
    code: 'not-supported',
    text: 'This server answers in application/fhir+json (FHIR 4.0) only',
  })
}

/** Whether an Accept header, or `_format`, asks for FHIR JSON by name. */
export function asksForFhir(accept: string | undefined, format: string | undefined): boolean {
  return format !== undefined || (accept ?? '').split(',').some(isFhirType)
}

/** Whether nothing but forms of FHIR is asked for that this server does not write: content as it is would be taken for one. */
export function asksForOtherFhir(accept: string | undefined): boolean {
  return (accept ?? '').split(',').every((range) => OTHER_FORMATS.has(partsOf(range)[0] ?? ''))
}

const OTHER_FORMATS: ReadonlySet<string> = new Set([
  'application/fhir+xml',
  'application/xml+fhir',
  'application/fhir+turtle',
])

/** A content type in which resources travel. */
export function isFhirType(type: string): boolean {
  return JSON_FORMATS.has(type.split(';', 1)[0]?.trim().toLowerCase() ?? '')
}

function isJson(range: string): boolean {
  const [type = '', ...parameters] = partsOf(range)
  return (
    JSON_TYPES.has(type) &&
    !parameters.some((each) => /^q=0(?:\.0{1,3})?$/.test(each)) &&
    parameters.every(isR4)
  )
}

function partsOf(type: string): readonly string[] {
  return type.split(';').map((part) => part.trim().toLowerCase())
}

/** R4B differs in few resources, and clients of both name it: what they send is checked as R4, what they get is R4. */
function isR4(parameter: string): boolean {
  return (
    !parameter.startsWith('fhirversion=') || /^fhirversion="?4\.(?:0(?:\.1)?|3(?:\.0)?)"?$/.test(parameter)
  )
}

/** Whether resources come in this content type: JSON of FHIR 4.0 in UTF-8. */
export function isTaken(contentType: string): boolean {
  return isFhirType(contentType) && isReadable(contentType)
}

/** Whether a content type names no other version of FHIR and no other encoding than those that are read here. */
export function isReadable(contentType: string): boolean {
  const [, ...parameters] = partsOf(contentType)
  return parameters.every((each) => isR4(each) && isUtf8(each))
}

function isUtf8(parameter: string): boolean {
  return !parameter.startsWith('charset=') || /^charset="?(?:utf-8|us-ascii)"?$/.test(parameter)
}

/** Whether the body of a request is of a type that its place takes; entries came in the type of their Bundle. @throws Fault `media-type` */
export function checkBody({ method, path, text, contentType, at }: Call): void {
  if ((method !== 'POST' && method !== 'PUT') || at !== undefined) return
  const last = path.at(-1)
  // An operation may need no body at all; the parameters of a search may all stand in the address.
  if (text === '' && (last?.startsWith('$') === true || (last === '_search' && contentType === undefined)))
    return
  checkContentType(contentType, last === '_search')
}

/** @throws Fault `media-type` */
export function checkContentType(contentType: string | undefined, isForm: boolean): void {
  const [type = ''] = partsOf(contentType ?? '')
  if (isForm ? type === 'application/x-www-form-urlencoded' : isTaken(contentType ?? '')) return
  const text = isForm
    ? 'Send the parameters as application/x-www-form-urlencoded'
    : 'Send the resource as application/fhir+json, FHIR 4.0 in UTF-8 (XML is not supported yet)'
  throw fault('media-type', { code: 'not-supported', text })
}
