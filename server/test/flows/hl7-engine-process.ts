import { MessageBuilder } from '../../src/hl7/message/message-builder.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { OutboundRules } from '../../src/hl7/rules/outbound-rules.ts'
import type { KillPoint } from '../../src/store/crash.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import { openMongoStore } from '../../src/store/mongo/store.ts'
import { assembleEngine } from './assemble-engine.ts'

/**
 * The interface engine as a process of its own, for tests that kill it: `store` is a folder or the address of a MongoDB database. It kills
 * itself the count-th time that the store comes to the point. With `peer`, each Patient that is written is sent to that port.
 */
interface Wanted {
  readonly folder: string
  readonly store: string
  readonly killAt?: string
  readonly count?: number
  readonly peer?: number
}
const wanted = JSON.parse(process.argv[2] ?? '{}') as Wanted
let left = wanted.count ?? 0

const crash = (point: KillPoint) => {
  if (point === wanted.killAt && --left === 0) process.kill(process.pid, 'SIGKILL')
}
const rules: OutboundRules = {
  definitions: new Map([['Person', { type: 'Patient' }]]),
  laidOver: () => rules,
  build: ({ resource, controlId }) => {
    const builder = new MessageBuilder()
    builder.add('MSH')
    builder.set('MSH-9', 'ADT').set('MSH-10', controlId).set('MSH-11', 'P').set('MSH-12', '2.5.1')
    builder.add('PID')
    const [identifier] = resource['identifier'] as readonly { readonly value: string }[]
    builder.set('PID-3', identifier?.value ?? '')
    return Promise.resolve(builder.toString())
  },
}
const isShared = wanted.store.startsWith('mongodb')
const store = isShared
  ? await openMongoStore({ url: wanted.store, crash })
  : await openEmbeddedStore({ folder: wanted.store, crash, mergeRows: 50 })
const destination = {
  host: '127.0.0.1',
  port: wanted.peer,
  messages: ['Person'],
  lanes: 4,
  fromFeeds: ['default'],
}
const engine = await assembleEngine(store, {
  folder: wanted.folder,
  isShared,
  ...(wanted.peer !== undefined && {
    out: {
      destinations: [readDestination('peer', destination)],
      rules,
    },
  }),
})
process.stdout.write(`${JSON.stringify({ event: 'ready', port: engine.port })}\n`)
process.once('SIGTERM', () => {
  void engine
    .stop()
    .then(async () => store.close())
    .then(() => process.exit(0))
})
