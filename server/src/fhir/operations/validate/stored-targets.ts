import type { Caller } from '../../../auth/caller.ts'
import { Fault } from '../../../kernel/fault.ts'
import type { Issue } from '../../../kernel/fault.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import { parseObject } from '../../json/parse.ts'
import { readReference } from '../../keys/references.ts'

export type TargetOf = (reference: string) => JsonObject | undefined

/** So far away from the resource targets of targets are looked at. */
const ROUNDS_MOST = 4

/**
 * Checks again until everything has been read that profiles say something of: what stored resources refer to is seen only when they have been
 * looked at. What the caller may not read counts as not there.
 */
export async function checkedWithTargets(
  deps: RestDeps,
  caller: Caller,
  check: (targetOf: TargetOf) => readonly Issue[],
): Promise<readonly Issue[]> {
  const known = new Map<string, JsonObject | undefined>()
  for (let round = 0; ; round++) {
    const missing = new Set<string>()
    const issues = check((reference) => {
      if (!known.has(reference)) missing.add(reference)
      return known.get(reference)
    })
    const wanted = [...missing].slice(0, limits.fhir.validateTargets - known.size)
    if (wanted.length === 0 || round === ROUNDS_MOST) return issues
    for (const reference of wanted) known.set(reference, await stored(deps, caller, reference))
  }
}

async function stored(
  { resources, base }: RestDeps,
  caller: Caller,
  reference: string,
): Promise<JsonObject | undefined> {
  const { type, id } = readReference(reference, base)
  if (type === undefined || id === undefined) return undefined
  try {
    const { bytes } = await resources.read(caller, type, id)
    return parseObject(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
