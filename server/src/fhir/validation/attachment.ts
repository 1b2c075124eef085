import { counted } from '../../kernel/counted.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Check } from './check.ts'

/** Attachment.size is the number of bytes before they were encoded. @see FHIR R4, "Data Types", Attachment */
export function checkAttachment({ data, size }: JsonObject, check: Check): void {
  if (typeof data !== 'string' || typeof size !== 'number') return
  const bytes = Buffer.byteLength(data.replaceAll(/\s/g, ''), 'base64')
  if (bytes !== size)
    check.addAt('size', 'value', `The data has ${counted(bytes, 'byte')}: mend the size or leave it out.`)
}
