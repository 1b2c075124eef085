import { readContent } from '../../fhir/binary-content.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'

/** `Binary/<id>`: written once, so its content is that of the first version. */
const ADDRESS = /^Binary\/([A-Za-z0-9.-]{1,64})$/

/** A resource with the documents that stand in Binaries of their own back in it, for who cannot fetch them here; larger ones stay pointers. */
export async function withDocuments(records: RecordStore, resource: JsonObject): Promise<JsonObject> {
  const found = attachmentsIn(resource)
  if (found.length === 0) return resource
  const contents = new Map<JsonObject, string>()
  let left: number = limits.hl7.sentDocumentBytes
  for (const { attachment, id, size } of found) {
    if (size > left) continue
    const content = await readContent(records, { id, version: 1 })
    if (content === undefined) continue
    left -= content.length
    contents.set(attachment, Buffer.from(content).toString('base64'))
  }
  return filled(resource, contents) as JsonObject
}

interface Found {
  readonly attachment: JsonObject
  readonly id: string
  readonly size: number
}

function attachmentsIn(value: JsonValue | undefined): readonly Found[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item: JsonValue) => attachmentsIn(item))
  const attachment = value as JsonObject
  const { url, size } = attachment
  const id = typeof url === 'string' ? ADDRESS.exec(url)?.[1] : undefined
  if (id !== undefined && typeof size === 'number') return [{ attachment, id, size }]
  return Object.values(attachment).flatMap(attachmentsIn)
}

function filled(value: JsonValue, contents: ReadonlyMap<JsonObject, string>): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: JsonValue) => filled(item, contents))
  const object = value as JsonObject
  const data = contents.get(object)
  if (data !== undefined) return { ...object, data }
  return Object.fromEntries(
    Object.entries(object).map(([name, member]) => [
      name,
      member === undefined ? member : filled(member, contents),
    ]),
  )
}
