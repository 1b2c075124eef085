import type { z } from 'zod'

import type { Resources } from '../../fhir/resources.ts'
import type { RecordStore } from '../../store/port.ts'
import type { TraceAnswer } from '../hl7.contract.ts'
import { comparable, isSame, leavesOf } from '../record/exact-json.ts'
import { pathsBetween } from '../record/item-places.ts'
import { elementSources, lastImagesOf } from '../record/last-image.ts'
import { withoutType } from '../record/trace-text.ts'

interface TraceRequest {
  readonly reference: string
  /** With or without the type; with everything below it. */
  readonly element?: string
}

/** Which field of which message the elements of a resource came from. Where several feeds said something, the one that the record follows counts. */
export async function traceElements(
  deps: { readonly records: RecordStore; readonly resources: Pick<Resources, 'peek'> },
  { reference, element }: TraceRequest,
): Promise<z.input<typeof TraceAnswer>> {
  const [type = '', id = ''] = reference.split('/')
  const [images, version] = await Promise.all([
    lastImagesOf(deps.records, reference),
    deps.resources.peek(type, id),
  ])
  const text = version && Buffer.from(version.bytes).toString('utf8')
  const resource = text === undefined ? {} : comparable(text, new Map())
  const now = leavesOf(resource)
  const wanted = element?.startsWith(`${type}.`) === true ? withoutType(element) : element
  const sources = new Map<string, Source>()
  for (const image of images) {
    const said = leavesOf(image.image)
    const pathNow = pathsBetween(image.image, resource)
    for (const source of elementSources(image, type)) {
      const told = withoutType(source.element)
      const path = pathNow(told)
      if (path === undefined) continue
      const isCurrent = isSame(said.get(told), now.get(path))
      if (isCurrent || !sources.has(path))
        sources.set(path, { ...source, element: `${type}.${path}`, isCurrent })
    }
  }
  const found = [...sources].flatMap(([path, source]) => (isWithin(path, wanted) ? [source] : []))
  return { reference, sources: found }
}

type Source = z.input<typeof TraceAnswer>['sources'][number]

function isWithin(path: string, wanted: string | undefined): boolean {
  if (wanted === undefined || path === wanted) return true
  return path.startsWith(wanted) && '.['.includes(path.charAt(wanted.length))
}
