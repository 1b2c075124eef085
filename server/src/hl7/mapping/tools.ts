import type { CompiledRules } from './compile.ts'
import type { Tools } from './functions.ts'
import type { MappingWarning } from './image.ts'
import type { Reading } from './images.ts'
import type { Node } from './node.ts'

/** What value functions may ask of feed and tables, and where they tell what is wrong. */
export function createTools(
  feed: Reading['feed'],
  { codeSystems, mediaTypes }: CompiledRules,
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
