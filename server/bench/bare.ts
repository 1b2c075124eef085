import Fastify from 'fastify'

/** The yardstick: Fastify that answers the same bytes and does nothing else. Started as a process of its own by `bench.ts`. */
const app = Fastify()
const body = process.argv[2] ?? '{}'
const FHIR = 'application/fhir+json; charset=utf-8'

app.addContentTypeParser('application/fhir+json', { parseAs: 'string' }, (_request, text, done) => {
  done(null, JSON.parse(String(text)))
})
app.get('/fhir/:type/:id', (_request, reply) => reply.type(FHIR).send(body))
app.post('/fhir/:type', (request, reply) => reply.code(201).type(FHIR).send(JSON.stringify(request.body)))

const address = await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${JSON.stringify({ event: 'ready', http: address })}\n`)
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)))
