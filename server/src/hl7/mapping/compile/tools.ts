import type { MappingWarning } from '../model/image.ts'
import type { Node } from '../model/node.ts'
import type { FeedFile, TableRow } from '../rules/rules.ts'
import type { Zone } from '../values/zone.ts'

export interface Tools {
  readonly feedName: string
  readonly feed: FeedFile
  readonly zone: Zone
  /** Known code systems by their name in HL7. */
  readonly codeSystems: ReadonlyMap<string, TableRow>
  /** Types of media by the names of tables 0191 and 0291. */
  readonly mediaTypes: ReadonlyMap<string, TableRow>
  flaw(node: Node, text: string): void
  /** @param table name of the code table that has no row for it */
  unmapped(node: Node, code: string, table: string): void
}

/** What value functions may ask of feed and tables, and where they tell what is wrong. */
export function createTools(
  feed: { readonly name: string; readonly file: FeedFile; readonly zone: Zone },
  { codeSystems, mediaTypes }: Pick<Tools, 'codeSystems' | 'mediaTypes'>,
  warnings: MappingWarning[],
): Tools {
  const told = new Set<string>()
  // Several rows may read the same field: what is wrong with it counts once.
  const tell = (
    kind: MappingWarning['kind'],
    node: Node,
    what: Omit<MappingWarning, 'kind' | 'at'>,
  ): void => {
    const at = node.source
    const size = told.size
    if (told.add(`${kind} ${at} ${what.text}`).size > size) warnings.push({ kind, at, ...what })
  }
  return {
    feedName: feed.name,
    feed: feed.file,
    zone: feed.zone,
    codeSystems,
    mediaTypes,
    flaw: (node, text) => tell('bad-value', node, { text }),
    unmapped: (node, value, table) =>
      tell('unmapped-code', node, { text: `Code "${value}" is in no table`, code: { table, value } }),
  }
}
