import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import { openAheadFile, readAhead, type AheadFile, type Place } from './ahead-file.ts'
import { FLOW, type Journaled } from './entry.ts'
import { lineChanges, type NewLine } from './journal-line.ts'

/**
 * The journal ahead of the store: new lines are durable after one sync of a file that only grows, and reach the store a moment later, many
 * in one transaction. A start brings into the store what was left in the file. For a store that belongs to this process alone.
 */
export interface Ahead {
  /** Resolves when the line is durable. */
  add(line: NewLine): Promise<Journaled>
  get(id: string): Journaled | undefined
  bySecond(second: string): Journaled | undefined
  /** As much waits as memory may hold. */
  readonly isFull: boolean
  /** Sends what was added on its way to the disk. */
  flush(): void
  /** Hands everything to the store, in front of whatever the caller hands to it next. */
  settle(): void
  /** Everything that was added before is in the store. */
  settled(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface AheadDeps {
  readonly records: RecordStore
  /** Of this process alone. */
  readonly folder: string
  readonly report: (error: unknown, message: string) => void
}

interface Waiting {
  readonly line: NewLine
  /** Set when it is durable. */
  end?: Place
  /** It is in the store, or was never durable. */
  isOver: boolean
}

const NOWHERE: Place = { file: 0, bytes: 0 }
const PLACE = 'place'

export function createAhead(deps: AheadDeps): Ahead {
  const { records, folder } = deps
  const desk = new Desk(deps)
  return {
    add: async (line) => desk.add(line),
    get: (id) => desk.lines.get(id),
    bySecond: (second) => desk.bySecond.get(second),
    get isFull() {
      return desk.lines.size >= limits.hl7.aheadMessages || desk.bytes >= limits.hl7.aheadBytes
    },
    flush: () => desk.flush(),
    settle: () => desk.settle(),
    settled: async () => desk.settled(),
    async start() {
      const known = await records.get(FLOW.ahead, PLACE)
      const after = known === undefined ? NOWHERE : (known.value as unknown as Place)
      const left = readAhead(folder, after)
      desk.open(openAheadFile(folder, after))
      for (const { payload } of left) await bringIn(records, decoded(payload))
      const last = left.at(-1)?.end
      if (last !== undefined) await desk.tell(last)
    },
    stop: async () => desk.stop(),
  }
}

/** One at a time, because a start has time: what is there already was handed over before the process ended. */
async function bringIn(records: RecordStore, line: NewLine): Promise<void> {
  if ((await records.get(FLOW.journal, line.id)) === undefined) await records.apply(lineChanges(line))
}

class Desk {
  readonly lines = new Map<string, Journaled>()
  readonly bySecond = new Map<string, Journaled>()
  bytes = 0
  readonly #deps: AheadDeps
  /** All that is not over, in the order of the file. */
  readonly #order: Waiting[] = []
  /** Durable, not handed to the store yet. */
  #queue: Waiting[] = []
  #file: AheadFile | undefined
  /** The newest line on its way to the file; it gets there behind all others. */
  #appended: Promise<unknown> = Promise.resolve()
  #settling: Promise<void> = Promise.resolve()
  /** Up to where everything is in the store, and up to where the store knows it. */
  #reached = NOWHERE
  #told = NOWHERE
  #timer: NodeJS.Timeout | undefined

  constructor(deps: AheadDeps) {
    this.#deps = deps
  }

  open(file: AheadFile): void {
    this.#file = file
  }

  async add(line: NewLine): Promise<Journaled> {
    if (this.#file === undefined) throw new Error('the journal is not open')
    const { id, second, entry, bytes } = line
    const message = { id, entry, revision: 1, bytes, ...(second !== undefined && { second }) }
    const waiting: Waiting = { line, isOver: false }
    this.#order.push(waiting)
    this.bytes += bytes.length
    if (second !== undefined) this.bySecond.set(second, message)
    try {
      const appended = this.#file.append(encoded(line))
      this.#appended = appended
      waiting.end = await appended
    } catch (error) {
      this.#over(waiting)
      throw error
    }
    this.lines.set(id, message)
    this.#queue.push(waiting)
    this.#soon()
    // Small ones need not be read again for their mapping; many large ones would fill the memory.
    if (bytes.length <= limits.hl7.aheadKeptBytes) return message
    const { bytes: _bytes, ...rest } = message
    return rest
  }

  flush(): void {
    this.#file?.flush()
  }

  settle(): void {
    const place = this.#reached
    if (this.#queue.length === 0) return
    // The place goes along with the lines behind it: it costs no transaction of its own.
    const handed = place === this.#told ? [] : [this.tell(place)]
    for (const waiting of this.#queue) handed.push(this.#hand(waiting))
    this.#queue = []
    this.#settling = Promise.all([this.#settling, ...handed]).then(() => undefined)
  }

  async settled(): Promise<void> {
    await Promise.allSettled([this.#appended])
    this.settle()
    await this.#settling
  }

  async #hand(waiting: Waiting): Promise<void> {
    const { records, report } = this.#deps
    const { line } = waiting
    try {
      const { outcome } = await records.apply(lineChanges(line))
      if (outcome === 'refused') report(new Error('the store has another line with this id or key'), line.id)
      this.#over(waiting)
    } catch (error) {
      // The store takes nothing now: the line is safe in the file, and is handed over again.
      report(error, line.id)
      this.#queue.push(waiting)
    }
    this.#soon()
  }

  #over(waiting: Waiting): void {
    const { id, second, bytes } = waiting.line
    waiting.isOver = true
    this.bytes -= bytes.length
    this.lines.delete(id)
    if (second !== undefined) this.bySecond.delete(second)
    let over = 0
    for (const one of this.#order) {
      if (!one.isOver) break
      if (one.end !== undefined) this.#reached = one.end
      over++
    }
    this.#order.splice(0, over)
  }

  /** Notes in the store how much of the file it has. */
  async tell(place: Place): Promise<void> {
    const { records, report } = this.#deps
    try {
      const { file, bytes } = place
      await records.apply([{ op: 'put', collection: FLOW.ahead, id: PLACE, value: { file, bytes } }])
      this.#told = place
      if (this.#reached === NOWHERE) this.#reached = place
      this.#file?.forget(place)
    } catch (error) {
      report(error, PLACE)
    }
  }

  #soon(): void {
    if (this.#queue.length === 0 && this.#reached === this.#told) return
    if (this.#queue.length >= limits.hl7.aheadBatch) return this.settle()
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#queue.length > 0) this.settle()
      else if (this.#order.length === 0) void this.tell(this.#reached)
    }, limits.hl7.aheadMs).unref()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.settled()
    await this.#file?.close(this.#order.length === 0)
    this.#file = undefined
  }
}

/** Length of the line as JSON (4), the line, the bytes of the message. */
function encoded({ id, second, entry, bytes }: NewLine): Buffer {
  const line = Buffer.from(JSON.stringify({ id, second, entry }), 'utf8')
  const payload = Buffer.allocUnsafe(4 + line.length + bytes.length)
  payload.writeUInt32BE(line.length, 0)
  line.copy(payload, 4)
  bytes.copy(payload, 4 + line.length)
  return payload
}

function decoded(payload: Buffer): NewLine {
  const end = 4 + payload.readUInt32BE(0)
  const line = JSON.parse(payload.toString('utf8', 4, end)) as Omit<NewLine, 'bytes'>
  return { ...line, bytes: payload.subarray(end) }
}
