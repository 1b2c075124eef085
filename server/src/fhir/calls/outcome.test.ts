import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, it } from 'vitest'
import { z } from 'zod'

import { answerTo } from './outcome.ts'

it('says where a request breaks the schema of its route, and not what was sent', async () => {
  const app = Fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error, _request, reply) => {
    const { status, outcome } = answerTo(error)
    return reply.code(status).send(outcome)
  })
  const body = z.object({ mode: z.enum(['running', 'paused']) })
  app.post('/', { schema: { body } }, () => 'ok')
  const answer = await app.inject({ method: 'POST', url: '/', payload: { mode: 'Salma Alnoor' } })
  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({ issue: [{ severity: 'error', expression: ['body.mode'] }] })
  expect(answer.body).toContain('paused')
  expect(answer.body).not.toContain('Salma')
  await app.close()
})
