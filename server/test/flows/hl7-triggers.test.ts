import { expect, it } from 'vitest'

import { Sender, startEngine, type Engine } from './interface-engine.ts'
import { isIn, storyOf, VERSIONS, type Story } from './trigger-messages.ts'
import { ADT_TRIGGERS } from './triggers-adt.ts'
import { ORDER_TRIGGERS } from './triggers-orders.ts'

const ALL = [...ADT_TRIGGERS, ...ORDER_TRIGGERS]
const SENDERS = 8

it.each(VERSIONS)(
  'takes every trigger event of version %s, and does what it says',
  async (version) => {
    const engine = await startEngine({ ackAt: 'committed' })
    const stories = ALL.filter((trigger) => isIn(trigger, version)).map((trigger) =>
      storyOf(trigger, version),
    )
    const waiting = [...stories]
    const refused = await Promise.all(
      Array.from({ length: SENDERS }, async () => tell(new Sender(engine.port), waiting)),
    )
    expect(refused.flat()).toEqual([])
    const about = await aboutWhom(engine)
    const missed = stories.filter(({ tag, type, like }) => !about(tag, type).some((one) => isLike(one, like)))
    expect(missed.map(({ event, tag, type }) => [event, about(tag, type)])).toEqual([])
    // What is of one step of an imaging procedure alone has no place, and admissions only say when they were recorded.
    const reported = engine.flow.tally.unmappedOf('default')
    expect(reported.filter(({ at }) => at !== 'IPC-4' && at !== 'EVN-2')).toEqual([])
    expect(engine.flow.tally.of('default')).toMatchObject({ dead: 0, parked: 0 })
    expect(engine.reported).toEqual([])
  },
  90_000,
)

/** Sends the messages of the stories one behind the other. @returns what was not accepted */
async function tell(sender: Sender, waiting: Story[]): Promise<readonly string[]> {
  const refused: string[] = []
  for (let story = waiting.shift(); story !== undefined; story = waiting.shift())
    for (const message of story.messages) {
      const ack = await sender.send(message)
      if (!ack.includes('\nMSA|AA|')) refused.push(`${story.event}: ${ack}`)
    }
  return refused
}

/** Finds what carries the tag of a story, or belongs to its patients. */
async function aboutWhom(engine: Engine) {
  const patients = await engine.all('Patient')
  const types = [...new Set(ALL.map(([, , type]) => type))]
  const found = new Map(await Promise.all(types.map(async (type) => [type, await engine.all(type)] as const)))
  return (tag: string, type: string) => {
    const own = patients.filter((one) => JSON.stringify(one).includes(tag))
    const words = [tag, ...own.map(({ id }) => `Patient/${id as string}`)]
    return (found.get(type) ?? []).filter((one) => {
      const text = JSON.stringify(one)
      return words.some((word) => text.includes(word))
    })
  }
}

function isLike(resource: object, like: object): boolean {
  try {
    expect(resource).toMatchObject(like)
    return true
  } catch {
    return false
  }
}
