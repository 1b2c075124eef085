import { readFileSync } from 'node:fs'

import Fastify from 'fastify'

/**
 * The yardstick: Fastify that answers the same bytes and does nothing else. Started as a process of its own; its one argument is a JSON file of
 * bodies by name, each served at `/<name>`. What is posted or put is parsed and sent back.
 */
const app = Fastify({ bodyLimit: 50 * 1024 * 1024 })
const bodies = new Map(
  Object.entries(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Record<string, string>),
)
const FHIR = 'application/fhir+json; charset=utf-8'

app.addContentTypeParser('application/fhir+json', { parseAs: 'string' }, (_request, text, done) => {
  done(null, JSON.parse(String(text)))
})
app.get<{ Params: { name: string } }>('/:name', (request, reply) =>
  reply.type(FHIR).send(bodies.get(request.params.name)),
)
app.post('/fhir/:type', (request, reply) => reply.code(201).type(FHIR).send(JSON.stringify(request.body)))
app.put('/fhir/:type/:id', (request, reply) => reply.type(FHIR).send(JSON.stringify(request.body)))
app.post('/fhir', (request, reply) => reply.type(FHIR).send(JSON.stringify(request.body)))

const address = await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${JSON.stringify({ event: 'ready', http: address })}\n`)
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)))
