import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import type { AheadFile, Payload, Place } from './ahead-file.ts'
import { FLOW, type Journaled } from './entry.ts'
import { lineChanges, type NewLine } from './journal-line.ts'

/** `written`: on its way to the disk. `waiting`: durable. `claimed`: its message is being committed. `handed`: on its way to the store. */
type Stage = 'written' | 'waiting' | 'claimed' | 'handed' | 'over'

/** What the flow reads and what the store takes are one object: there is one of it for each message that waits. */
type Line = Journaled & NewLine

interface Waiting {
  readonly line: Line
  readonly sinceMs: number
  /** Set when it is durable. */
  end?: Place
  stage: Stage
  /** While it is claimed: resolves when it is not any more. */
  claim?: PromiseWithResolvers<void>
}

export interface DeskDeps {
  readonly records: RecordStore
  readonly report: (error: unknown, message: string) => void
}

export const NOWHERE: Place = { file: 0, bytes: 0 }
export const PLACE = 'place'

/** The lines that are in the file and not in the store yet, and how they get there. */
export class Desk {
  readonly bySecond = new Map<string, Journaled>()
  bytes = 0
  /** Lines that are durable and not over. */
  durable = 0
  readonly #deps: DeskDeps
  /** All that is not over. */
  readonly #lines = new Map<string, Waiting>()
  /** In the order of the file; what is over stays for a while in front. */
  #order: Waiting[] = []
  #first = 0
  #file: AheadFile | undefined
  /** The newest line on its way to the file; it gets there behind all others. */
  #appended: Promise<unknown> = Promise.resolve()
  #settling: Promise<void> = Promise.resolve()
  /** Up to where everything is in the store, and up to where the store knows it. */
  #reached = NOWHERE
  #told = NOWHERE
  #timer: NodeJS.Timeout | undefined

  constructor(deps: DeskDeps) {
    this.#deps = deps
  }

  open(file: AheadFile): void {
    this.#file = file
  }

  async add(line: NewLine, payload: Payload): Promise<Journaled> {
    if (this.#file === undefined) throw new Error('the journal is not open')
    const { id, second, entry, bytes } = line
    const message: Line =
      second === undefined ? { id, entry, revision: 1, bytes } : { id, entry, revision: 1, bytes, second }
    const waiting: Waiting = { line: message, sinceMs: performance.now(), stage: 'written' }
    this.#lines.set(id, waiting)
    this.#order.push(waiting)
    this.bytes += bytes.length
    if (second !== undefined) this.bySecond.set(second, message)
    try {
      const appended = this.#file.append(payload)
      this.#appended = appended
      waiting.end = await appended
    } catch (error) {
      this.#over(waiting)
      throw error
    }
    waiting.stage = 'waiting'
    this.durable++
    this.#soon()
    // Small ones need not be read again for their mapping; many large ones would fill the memory.
    if (bytes.length <= limits.hl7.aheadKeptBytes) return message
    const { bytes: _bytes, ...rest } = message
    return rest
  }

  flush(): void {
    this.#file?.flush()
  }

  get(id: string): Journaled | undefined {
    const waiting = this.#lines.get(id)
    return waiting === undefined || waiting.stage === 'written' ? undefined : waiting.line
  }

  /** Ids of durable lines behind `after` in order. */
  idsBehind(after: string): readonly string[] {
    return [...this.#lines.keys()].filter((id) => id > after && this.get(id) !== undefined).toSorted()
  }

  claim(id: string): NewLine | undefined {
    const waiting = this.#lines.get(id)
    if (waiting?.stage !== 'waiting') return undefined
    waiting.stage = 'claimed'
    waiting.claim = Promise.withResolvers()
    return waiting.line
  }

  release(id: string, isStored: boolean): void {
    const waiting = this.#lines.get(id)
    if (waiting?.stage !== 'claimed') return
    waiting.stage = 'waiting'
    if (isStored) this.#over(waiting)
    waiting.claim?.resolve()
    this.#soon()
  }

  isClaimed(id: string): boolean {
    return this.#lines.get(id)?.stage === 'claimed'
  }

  /** Hands over everything that nobody has claimed. */
  settle(): void {
    this.#handOver(() => true)
  }

  async settled(): Promise<void> {
    await Promise.allSettled([this.#appended])
    this.settle()
    await Promise.all([...this.#lines.values()].map(async ({ claim }) => claim?.promise))
    // What was claimed and could not be committed goes the way of the others.
    this.settle()
    await this.#settling
  }

  /** Groups of lines, each in one step: what belongs together is in the same transaction anyway. */
  #handOver(isWanted: (waiting: Waiting) => boolean, most = Infinity): void {
    const wanted: Waiting[] = []
    for (let at = this.#first; at < this.#order.length && wanted.length < most; at++) {
      const waiting = this.#order[at] as Waiting
      if (waiting.stage === 'waiting' && isWanted(waiting)) wanted.push(waiting)
    }
    for (let at = 0; at < wanted.length; at += limits.hl7.aheadBatch) {
      const group = wanted.slice(at, at + limits.hl7.aheadBatch)
      for (const waiting of group) waiting.stage = 'handed'
      this.#settling = Promise.all([this.#settling, this.#hand(group)]).then(() => undefined)
    }
  }

  async #hand(group: readonly Waiting[]): Promise<void> {
    const { records, report } = this.#deps
    try {
      const lines = group.map(({ line }) => line)
      const { outcome } = await records.apply(lines.flatMap((line) => lineChanges(line)))
      const refused = outcome === 'applied' ? [] : await bringIn(records, lines)
      for (const { id } of refused) report(new Error('the store has another line with this key'), id)
      for (const waiting of group) this.#over(waiting)
    } catch (error) {
      // The store takes nothing now: the lines are safe in the file, and are handed over again.
      report(error, group[0]?.line.id ?? '')
      for (const waiting of group) if (waiting.stage === 'handed') waiting.stage = 'waiting'
    }
    this.#soon()
  }

  #over(waiting: Waiting): void {
    const { id, second, bytes } = waiting.line
    if (waiting.stage !== 'written') this.durable--
    waiting.stage = 'over'
    this.bytes -= bytes.length
    this.#lines.delete(id)
    if (second !== undefined) this.bySecond.delete(second)
    for (; this.#order[this.#first]?.stage === 'over'; this.#first++) {
      const { end } = this.#order[this.#first] as Waiting
      if (end !== undefined) this.#reached = end
    }
    if (this.#first * 2 < this.#order.length) return
    this.#order = this.#order.slice(this.#first)
    this.#first = 0
  }

  /** Notes in the store how much of the file it has. */
  async tell(place: Place): Promise<void> {
    const { records, report } = this.#deps
    const { file, bytes } = place
    try {
      await records.apply([{ op: 'put', collection: FLOW.ahead, id: PLACE, value: { file, bytes } }])
      this.#told = place
      if (this.#reached === NOWHERE) this.#reached = place
      this.#file?.forget(place)
    } catch (error) {
      report(error, PLACE)
    }
  }

  #soon(): void {
    if (this.#lines.size === 0 && this.#reached === this.#told) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#tidy()
    }, limits.hl7.aheadMs).unref()
  }

  /** Most lines reach the store with their message; what waits for long, or is too much, goes ahead of it. */
  #tidy(): void {
    const oldMs = performance.now() - limits.hl7.aheadKeptMs
    const isMuch = this.durable > limits.hl7.aheadMessages / 2 || this.bytes > limits.hl7.aheadBytes / 2
    this.#handOver(({ sinceMs }) => isMuch || sinceMs < oldMs, limits.hl7.aheadStep)
    if (this.#reached !== this.#told) void this.tell(this.#reached).then(() => this.#soon())
    else this.#soon()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.settled()
    await this.#file?.close(this.#lines.size === 0)
    this.#file = undefined
  }
}

/**
 * Brings lines into the store that it does not have yet, in one step if it takes them all.
 *
 * @returns the lines that the store does not take, because another one has their key
 */
export async function bringIn(records: RecordStore, lines: readonly NewLine[]): Promise<readonly NewLine[]> {
  const there = await Promise.all(lines.map(async ({ id }) => records.get(FLOW.journal, id)))
  const missing = lines.filter((_, at) => there[at] === undefined)
  const { outcome } = await records.apply(missing.flatMap((line) => lineChanges(line)))
  if (outcome === 'applied') return []
  if (missing.length === 1) return missing
  const refused: NewLine[] = []
  // One of them must not keep the others.
  for (const line of missing) refused.push(...(await bringIn(records, [line])))
  return refused
}
