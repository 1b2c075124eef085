import { stringify } from 'yaml'
import type { z } from 'zod'

import { Fault } from '../../kernel/fault.ts'
import { createPace } from '../../kernel/pace.ts'
import type { LearnedProfile } from '../feeds.contract.ts'
import type { Flow } from '../flow/create-flow.ts'
import type { FlowFeed } from '../journal/feed.ts'
import type { MessageIndex } from '../journal/message-index.ts'
import type { MappingWarning } from '../mapping/model/image.ts'
import type { Message } from '../message/message.ts'
import { parseMessage } from '../message/parse-message.ts'
import { decodeMessage } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
import { codedFields, ProfileProposal } from '../profile/learn.ts'
import { OverlayProposal } from '../profile/propose-overlay.ts'

export type Learned = z.input<typeof LearnedProfile>

const LEARNED_FROM = 1000
const LOOKED_AT = 5000

/** From the newest messages of the feed that could be read, by the rules of today; one message is in memory at a time. */
export async function learned(flow: Flow, feed: FlowFeed): Promise<Learned> {
  const { mapper, index } = flow
  const rules = mapper.filesOf(feed.name)
  const name = overlayName(feed.name, rules.feeds.get(feed.name)?.overlays)
  const overlay = new OverlayProposal(rules, name)
  const profile = new ProfileProposal(codedFields(rules))
  const pace = createPace()
  let messages = 0
  for await (const id of newestOf(index, feed.name)) {
    await pace()
    const message = await messageOf(flow, feed, id)
    if (message === undefined) continue
    messages++
    profile.note(message)
    overlay.note(message, warningsOf(flow, message, feed.name))
    if (messages === LEARNED_FROM) break
  }
  return {
    feed: feed.name,
    messages,
    profile: stringify(profile.finish()),
    overlay: { name, ...overlay.finish() },
  }
}

/** More than are learned from, because repetitions and what was refused are among them. */
async function* newestOf({ find }: Pick<MessageIndex, 'find'>, feed: string): AsyncGenerator<string> {
  let before = 'g'
  for (let looked = 0; looked < LOOKED_AT; looked += LEARNED_FROM) {
    const found = await find({ field: 'feed', value: feed }, { before, limit: LEARNED_FROM })
    const page = found.slice(0, LEARNED_FROM)
    yield* page
    before = page.at(-1) ?? ''
    if (page.length < LEARNED_FROM) return
  }
}

/** @returns undefined for what came before, was refused or cannot be read (any more: the feed may have got another character set) */
async function messageOf({ journal }: Flow, feed: FlowFeed, id: string): Promise<Message | undefined> {
  const line = await journal.get(id)
  if (line === undefined || line.entry.state === 'duplicate' || line.entry.state === 'rejected')
    return undefined
  const bytes = await journal.text(line)
  const header = readHeader(bytes)
  try {
    return header && parseMessage(decodeMessage(bytes, header, feed.charset))
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

/** Nothing of a message that the rules refuse: its reason stands with the failed messages. */
function warningsOf({ mapper }: Flow, message: Message, feed: string): readonly MappingWarning[] {
  try {
    return mapper.map(message, feed).warnings
  } catch {
    return []
  }
}

/** Of the feed, in the letters of a folder; another one when the feed has an overlay of that name already. */
function overlayName(feed: string, taken: readonly string[] = []): string {
  const name = feed.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')
  return taken.includes(name) ? `${name}-${taken.length + 1}` : name
}
