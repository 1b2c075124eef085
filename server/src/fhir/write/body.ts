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

/** The stored text of a draft: the sender's own text without its layout, with id and meta set, so that every digit survives. */
export function bodyOf(draft: Draft, { type, id, version, lastUpdated }: Stamp): string {
  const text =
    draft.text === undefined ? writeJson(draft.resource ?? {}, draft.literals) : withoutBlanks(draft.text)
  const meta = withMembers(memberText(text, 'meta') ?? '{}', {
    versionId: `"${String(version)}"`,
    lastUpdated: `"${new Date(lastUpdated).toISOString()}"`,
  })
  return withMembers(text, { resourceType: `"${type}"`, id: `"${id}"`, meta })
}
