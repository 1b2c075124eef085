import type { Draft } from '../../fhir/resources.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange } from '../../store/port.ts'
import type { Made } from '../journal/entry.ts'
import type { Image } from '../mapping/model/image.ts'
import { elementChanges, type Changed, type ElementChange } from './element-changes.ts'
import { isPlain } from './exact-json.ts'
import type { WorkItem } from './worklist.ts'

/** What a message does to one resource. */
export interface Step {
  readonly made: Made
  readonly trace: string
  readonly draft?: Draft
  readonly records?: readonly RecordChange[]
  /** The resource before and after. */
  readonly was?: JsonObject
  readonly is?: JsonObject
  readonly conflicts?: readonly WorkItem[]
}

/** @param image of a message, when it makes the resource */
export function draftOf(
  { type, id, image }: { readonly type: string; readonly id: string; readonly image?: Image },
  exact: JsonObject,
  how: Pick<Draft, 'method' | 'expected'>,
): Draft {
  const text = JSON.stringify(exact)
  // Numbers with digits of their own are for the text alone: whoever reads the resource wants doubles. A new resource has those of the image.
  const isSimple = how.method === 'POST' ? image?.literals === undefined : isPlain(text)
  return { type, id, ...how, resource: isSimple ? exact : (JSON.parse(text) as JsonObject), text }
}

/** What an effect changes is made, too, whatever the message says of it itself. */
export function madeBy(steps: readonly Step[], changed: readonly Changed[]): readonly Made[] {
  const rest = new Set(changed.map(({ reference }) => reference))
  const told = steps.map(({ made }): Made => {
    const isChanged = rest.delete(made.reference)
    return isChanged && made.action !== 'created' ? { ...made, action: 'updated' } : made
  })
  return [...told, ...[...rest].map((reference): Made => ({ reference, action: 'updated' }))]
}

/** Element by element: what the message says, and then what its effects do. */
export function changesBy(steps: readonly Step[], changed: readonly Changed[]): readonly ElementChange[] {
  const said = steps.flatMap(({ made: { reference }, was, is }) =>
    was === undefined || is === undefined ? [] : [{ reference, was, is }],
  )
  return [...said, ...changed].flatMap(({ reference, was, is }) => elementChanges(reference, { was, is }))
}
