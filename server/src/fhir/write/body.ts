import { isoText } from '../../kernel/instant-text.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { withoutBlanks } from '../json/layout.ts'
import { memberText, withMembers } from '../json/members.ts'
import { writeJson } from '../json/write.ts'
import type { Draft } from '../resources.ts'

export interface Stamp {
  readonly type: string
  readonly id: string
  readonly version: number
  readonly lastUpdated: number
}

/**
 * The stored text of a draft: the sender's own text without its layout, with id and meta set, so that every digit survives.
 *
 * @param given the draft's resource as its sender has it
 */
export function bodyOf(draft: Draft, given: JsonObject, stamp: Stamp): string {
  const { type, id, version, lastUpdated } = stamp
  const text = textOf(draft)
  const known = Number('resourceType' in given) + Number('id' in given) + Number('meta' in given)
  const meta = withMembers(('meta' in given ? memberText(text, 'meta') : undefined) ?? '{}', {
    versionId: `"${String(version)}"`,
    lastUpdated: `"${isoText(lastUpdated)}"`,
  })
  const set = { resourceType: `"${type}"`, id: `"${id}"`, meta }
  return withMembers(text, set, known)
}

function textOf({ text, isPlain = false, resource = {}, literals }: Draft): string {
  if (text === undefined) return writeJson(resource, literals)
  return isPlain ? text : withoutBlanks(text)
}
