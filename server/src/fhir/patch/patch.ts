import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { ElementTable } from '../elements.ts'
import { parseObject } from '../json/parse.ts'
import { textOf, treeOf } from '../json/tree.ts'
import type { Tree } from '../json/tree.ts'
import { applyFhirPatch, readFhirPatch } from './fhir-patch.ts'
import { applyJsonPatch, readJsonPatch } from './json-patch.ts'

/** Content types of patches, as the CapabilityStatement and `Accept-Patch` name them. */
export const PATCH_FORMATS = ['application/json-patch+json', 'application/fhir+json'] as const

/** A patch that was read: gives the text of the resource with its changes, every other digit as it was. */
export type Patch = (text: string) => Soon<string>

/** @throws Fault `malformed`, `media-type` */
export function readPatch(
  elements: () => ElementTable,
  text: string,
  contentType: string | undefined,
): Patch {
  const format = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (format === PATCH_FORMATS[0]) {
    const operations = readJsonPatch(text)
    return checked((tree) => applyJsonPatch(tree, operations))
  }
  if (format === PATCH_FORMATS[1]) {
    const operations = readFhirPatch(text)
    return checked((tree) => applyFhirPatch(elements(), tree, operations))
  }
  throw fault('media-type', {
    code: 'not-supported',
    text: `Send a JSON Patch as ${PATCH_FORMATS[0]}, or a FHIRPath Patch (Parameters) as ${PATCH_FORMATS[1]}`,
  })
}

/** Type and id stay, whatever the patch says. */
function checked(apply: (tree: Tree) => Soon<Tree>): Patch {
  return (before) => {
    const tree = treeOf(before)
    const plain = textOf(tree)
    return soon(apply(tree), (patched) => {
      const after = textOf(patched)
      // The layout of the stored text is no change.
      if (after === plain) return before
      checkSame(parseObject(before), parseObject(after))
      return after
    })
  }
}

function checkSame(old: JsonObject, now: JsonObject): void {
  const changed = (['resourceType', 'id'] as const).find((name) => old[name] !== now[name])
  if (changed === undefined) return
  throw fault('unprocessable', {
    code: 'business-rule',
    text: `A patch cannot change ${changed}`,
  })
}
