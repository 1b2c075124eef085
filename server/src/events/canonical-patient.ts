import type { JsonObject } from '../kernel/json.ts'
import type { ResourceReader } from '../store/port.ts'

/** Merges of merges are followed this far. */
const MERGES_MOST = 8
const REPLACED = Buffer.from('"replaced-by"')

/**
 * The patient under whose key events are told: after a merge the one that lives on, so that all of a person's events keep one order.
 *
 * @param id logical id of a Patient, merged or not, known or not.
 * @see FHIR R4, Patient.link
 */
export async function canonicalPatient(resources: ResourceReader, id: string): Promise<string> {
  let here = id
  for (let step = 0; step < MERGES_MOST; step += 1) {
    const next = await replacementOf(resources, here)
    if (next === undefined || next === id) break
    here = next
  }
  return here
}

async function replacementOf(resources: ResourceReader, id: string): Promise<string | undefined> {
  const current = await resources.read('Patient', id)
  if (!current || current.deleted) return undefined
  const { bytes } = current
  // Hardly any patient was merged: the others are not parsed.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(REPLACED)) return undefined
  const { link } = JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject
  const links = (Array.isArray(link) ? link : []) as unknown as readonly Link[]
  const reference = links.find(({ type }) => type === 'replaced-by')?.other?.reference
  return reference === undefined ? undefined : /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(reference)?.[1]
}

interface Link {
  readonly type?: string
  readonly other?: { readonly reference?: string }
}
