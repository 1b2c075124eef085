import type { FastifyReply, FastifyRequest } from 'fastify'

import { limits } from '../../kernel/limits.ts'

/**
 * Lets a sender whose body is refused for its size finish sending: Node reads and drops the rest, bounded by the time of a request. When the
 * connection is closed under a sender that is still writing, it sees a broken pipe in place of the answer. Of bodies beyond all reason nothing is read.
 */
export function dropRestOfBody(request: FastifyRequest, reply: FastifyReply): void {
  if (Number(request.headers['content-length'] ?? 0) <= limits.http.droppedBytes)
    reply.removeHeader('connection')
}
