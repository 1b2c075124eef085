import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { Image, Mapped } from '../mapping/model/image.ts'

/**
 * What a message says, with long documents in Binaries of their own: the attachment keeps address, size and hash, and the resource stays
 * below the bound of one. The same document of the same resource is the same Binary, so that a replay writes nothing.
 *
 * @see FHIR R4, "Attachment": `data` or `url`; `hash` is SHA-1
 */
export async function withDocumentsAside(mapped: Mapped): Promise<Mapped> {
  const binaries: Binaries = new Map()
  const images: Image[] = []
  for (const image of mapped.images) images.push(await imageAside(image, binaries))
  return binaries.size === 0 ? mapped : { ...mapped, images: [...images, ...binaries.values()] }
}

/** Of all texts inside, without building any. */
export function textLength(value: JsonValue | undefined): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  let length = 0
  for (const member of Object.values(value)) length += textLength(member)
  return length
}

/** By the hash of their content. */
type Binaries = Map<string, Image>

interface Found {
  /** Where it stands: `content[0].attachment`. */
  readonly path: string
  readonly attachment: Attachment
}

type Attachment = JsonObject & { readonly data: string; readonly contentType: string }

async function imageAside(image: Image, binaries: Binaries): Promise<Image> {
  // Nearly every image is this short.
  if (textLength(image.resource) <= limits.hl7.attachmentChars) return image
  const found = longOf(attachmentsIn(image.resource, ''))
  if (found.length === 0) return image
  const moved = new Map<Attachment, JsonObject>()
  for (const { path, attachment } of found) {
    // Each takes a while: others get their turn between them.
    await setImmediate()
    moved.set(attachment, putAside({ image, path, attachment }, binaries))
  }
  const paths = new Set(found.map(({ path }) => `${image.type}.${path}.data`))
  return {
    ...image,
    resource: replaced(image.resource, moved) as JsonObject,
    trace: image.trace.map((row) =>
      paths.has(row.element) ? { ...row, element: row.element.replace(/data$/, 'url') } : row,
    ),
  }
}

/** The attachments that leave the resource: each that is long, and all of it that would not fit together. */
function longOf(all: readonly Found[]): readonly Found[] {
  let kept = 0
  return all.filter(({ attachment: { data } }) => {
    const fits =
      data.length <= limits.hl7.attachmentChars && kept + data.length <= limits.hl7.attachmentsChars
    if (fits) kept += data.length
    return !fits
  })
}

function attachmentsIn(value: JsonValue | undefined, path: string): readonly Found[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value))
    return value.flatMap((item: JsonValue, at) => attachmentsIn(item, `${path}[${String(at)}]`))
  const object = value as JsonObject
  if (isAttachment(object)) return [{ path, attachment: object }]
  return Object.entries(object).flatMap(([name, member]) =>
    attachmentsIn(member, path === '' ? name : `${path}.${name}`),
  )
}

function isAttachment(object: JsonObject): object is Attachment {
  return typeof object['data'] === 'string' && typeof object['contentType'] === 'string'
}

function putAside(
  { image, path, attachment }: Found & { readonly image: Image },
  binaries: Binaries,
): JsonObject {
  const { data, ...rest } = attachment
  const content = Buffer.from(data, 'base64')
  const hash = createHash('sha256').update(content).digest('hex')
  const known = binaries.get(hash)
  const key = known?.key ?? `content/${String(binaries.size + 1)}`
  if (known === undefined) binaries.set(hash, binaryOf({ key, hash, content, image, path, attachment }))
  const sha1 = createHash('sha1').update(content).digest('base64')
  return { ...rest, url: `#image:${key}`, size: content.length, hash: sha1 }
}

/** Who may read the resource may read its document. */
function binaryOf(
  of: Found & {
    readonly image: Image
    readonly key: string
    readonly hash: string
    readonly content: Buffer
  },
): Image {
  const { image, path, attachment, key, hash, content } = of
  const [holder] = image.aliases
  const whose = createHash('sha256').update(JSON.stringify([image.type, holder?.system, holder?.value, hash]))
  const source = image.trace.find(({ element }) => element === `${image.type}.${path}.data`)
  return {
    key,
    type: 'Binary',
    aliases: [{ type: 'Binary', system: 'urn:mogran:content', value: whose.digest('hex') }],
    own: 'create',
    resource: { contentType: attachment.contentType, securityContext: { reference: `#image:${image.key}` } },
    content,
    trace: source === undefined ? [] : [{ ...source, element: 'Binary.data' }],
  }
}

function replaced(value: JsonValue, moved: ReadonlyMap<JsonObject, JsonObject>): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: JsonValue) => replaced(item, moved))
  const object = value as JsonObject
  return (
    moved.get(object) ??
    Object.fromEntries(
      Object.entries(object).map(([name, member]) => [
        name,
        member === undefined ? member : replaced(member, moved),
      ]),
    )
  )
}
