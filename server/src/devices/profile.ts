import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { parse } from 'yaml'
import { z } from 'zod'

import { fault } from '../kernel/fault.ts'

const Metric = z.strictObject({
  /** Name of the metric inside the hub: `hr`, `spo2`. */
  key: z.string().regex(/^[a-z][a-z0-9-]*$/),
  /** Where it stands in the payload: names with dots between. */
  path: z.string().regex(/^\w+(\.\w+)*$/),
  name: z.string(),
  loinc: z.string(),
  /** A second LOINC code that profiles of FHIR want beside the first. */
  also: z.string().optional(),
  mdc: z.string(),
  /** UCUM. */
  unit: z.string(),
  /** What is physically possible; anything else is questionable and never charted. */
  low: z.number(),
  high: z.number(),
  /** LOINC code of the panel that this metric is a component of. */
  panel: z.string().optional(),
})

const Profile = z.strictObject({
  id: z.string(),
  version: z.number().int(),
  vendor: z.string(),
  model: z.string(),
  type: z.strictObject({ system: z.string(), code: z.string(), display: z.string() }),
  transport: z.enum(['mqtt']),
  silenceSeconds: z.number().positive(),
  metrics: z.array(Metric).min(1),
  panels: z.array(z.strictObject({ loinc: z.string(), name: z.string() })).default([]),
})

export type Profile = z.output<typeof Profile>
export type Metric = z.output<typeof Metric>

/**
 * Reads every `profile.yaml` below `folder`.
 *
 * @throws Fault `unavailable` that names the file and the element which is wrong.
 */
export async function loadProfiles(folder: string): Promise<readonly Profile[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(names.toSorted().map((name) => loadProfile(join(folder, name, 'profile.yaml'))))
}

async function loadProfile(file: string): Promise<Profile> {
  const parsed = Profile.safeParse(parse(await readFile(file, 'utf8')))
  if (parsed.success) return parsed.data
  const text = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  throw fault('unavailable', { code: 'invalid', text: `${file}: ${text}` })
}
