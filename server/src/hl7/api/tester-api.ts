import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { z } from 'zod'

import { writeJson } from '../../fhir/json/write.ts'
import { Fault, fault } from '../../kernel/fault.ts'
import type { Flow } from '../flow/create-flow.ts'
import type { Mapped } from '../mapping/model/image.ts'
import { parseMessage } from '../message/parse-message.ts'
import { ackOfError } from '../mllp/ack.ts'
import { TesterRequest, type TesterAnswer } from '../replay.contract.ts'
import type { InteropOptions } from './interop-options.ts'

type Answer = z.input<typeof TesterAnswer>

/** The mapping tester: a message in, resources out, with where each value came from. Nothing is stored. */
export const testerApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, callerOf, authorise } = options
  app.post('/tester', { schema: { body: TesterRequest }, bodyLimit: BODY_BYTES }, async (request) => {
    authorise(callerOf(request), 'messages.read')
    const { feed, text } = request.body
    if (!flow.feeds.has(feed)) throw fault('not-found', { code: 'not-found', text: 'There is no such feed.' })
    return test(flow, feed, text)
  })
}

const BODY_BYTES = 4 * 1024 * 1024

function test({ mapper }: Flow, feed: string, text: string): Answer {
  try {
    // A text box gives line feeds; the parser takes them for segment ends where a segment begins behind them.
    return answerOf(mapper.map(parseMessage(text), feed))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { partitions: [], resources: [], warnings: [], errors: [...ackOfError(error).errors] }
  }
}

function answerOf({ images, partitions, warnings, rules }: Mapped): Answer {
  return {
    rules,
    partitions: [...partitions],
    resources: images.map(({ key, own, type, resource, literals, trace }) => ({
      key,
      own,
      resource: writeJson({ resourceType: type, ...resource }, literals),
      trace: trace.map(({ element, source, rule }) => ({ element, source, rule })),
    })),
    warnings: warnings.map(({ kind, at, text }) => ({ kind, at, text })),
    errors: [],
  }
}
