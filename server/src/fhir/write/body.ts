import { isoText } from '../../kernel/instant-text.ts'
import { withoutBlanks } from '../json/layout.ts'
import { memberText, withMembers } from '../json/members.ts'
import { writeJson } from '../json/write.ts'
import type { Content, Draft } from '../resources.ts'

/** Where a draft has no text of its own, its resource says it all. */
export type Given = Pick<Content, 'resource'> & Partial<Content>

export interface Stamp {
  readonly type: string
  readonly id: string
  readonly version: number
  readonly lastUpdated: number
}

/**
 * The stored text of a draft: the sender's own text without its layout, with id and meta set, so that every digit survives.
 *
 * @param given the draft's content as its sender has it
 */
export function bodyOf(draft: Draft, { resource: given, text: plain }: Given, stamp: Stamp): string {
  const { type, id, version, lastUpdated } = stamp
  const text = draft.read === undefined ? textOf(draft) : (plain ?? '')
  const known = Number('resourceType' in given) + Number('id' in given) + Number('meta' in given)
  const meta = withMembers(('meta' in given ? memberText(text, 'meta') : undefined) ?? '{}', {
    versionId: `"${String(version)}"`,
    lastUpdated: `"${isoText(lastUpdated)}"`,
  })
  const set = { resourceType: `"${type}"`, id: `"${id}"`, meta }
  return withMembers(text, set, known)
}

function textOf({ text, resource = {}, literals }: Draft): string {
  return text === undefined ? writeJson(resource, literals) : withoutBlanks(text)
}
