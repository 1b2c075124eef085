import type { z } from 'zod'

import type { TraceAnswer } from '../hl7.contract.ts'
import type { FlowFeed } from '../journal/feed.ts'
import type { Journal } from '../journal/journal.ts'
import { instant, previewOf, segmentsOf } from './message-view.ts'

type Source = z.input<typeof TraceAnswer>['sources'][number]

/** Adds to each source its message in short and the one segment that it stands in, so that a reader of the record sees it without the rest. */
export async function withSegments(
  deps: { readonly journal: Journal; readonly feeds: ReadonlyMap<string, FlowFeed> },
  sources: readonly Source[],
): Promise<Source[]> {
  const messages = new Map<string, Promise<Excerpt | undefined>>()
  for (const { message } of sources)
    if (!messages.has(message)) messages.set(message, excerptOf(deps, message))
  return Promise.all(
    sources.map(async (source) => {
      const excerpt = await messages.get(source.message)
      if (excerpt === undefined) return source
      const { segments, ...facts } = excerpt
      const segment = segmentHolding(segments, source.source)
      return Object.assign(facts, source, segment ? { segment } : {})
    }),
  )
}

type Segments = ReturnType<typeof segmentsOf>
type Excerpt = Pick<Source, 'received' | 'type' | 'sender'> & { readonly segments: Segments }

async function excerptOf(
  deps: { readonly journal: Journal; readonly feeds: ReadonlyMap<string, FlowFeed> },
  id: string,
): Promise<Excerpt | undefined> {
  const message = await deps.journal.get(id)
  if (message === undefined) return undefined
  const { received, type, event, sender } = message.entry
  const { raw } = await previewOf(deps, message)
  return {
    received: instant(received),
    type: event === '' ? type : `${type}^${event}`,
    sender,
    segments: segmentsOf(raw),
  }
}

const SEGMENT = /^([A-Z][A-Z\d]{2})(\[\d+\])?/

/** @param source `PID-5[1].1`, `OBX[2]-5`; without a number the first segment of the name is meant */
function segmentHolding(segments: Segments, source: string): Segments[number] | undefined {
  const [, name = '', number = '[1]'] = SEGMENT.exec(source) ?? []
  return segments.find(({ label }) => label === `${name}${number}` || (number === '[1]' && label === name))
}
