import {
  hashAt,
  NO_BLOCK,
  RUN_WIDTH,
  runSortAt,
  stateAt,
  type RunBlocks,
  type RunPosting,
} from './posting-runs.ts'

/** Walks several runs as one, a hash at a time. */
export class HashWalk {
  readonly #walks: RunWalk[]
  readonly #keepsDropped: boolean
  hash = 0
  /** What holds of each posting of the hash, in order. */
  readonly postings: RunPosting[] = []

  /**
   * @param runs the oldest first
   * @param keepsDropped whether there are older runs, in which what is dropped may lie
   */
  constructor(runs: readonly RunBlocks[], keepsDropped: boolean) {
    this.#walks = runs.map((run) => new RunWalk(run)).filter((walk) => walk.next())
    this.#keepsDropped = keepsDropped
  }

  next(): boolean {
    this.postings.length = 0
    this.hash = Infinity
    let only: RunWalk | undefined
    for (const walk of this.#walks) {
      if (walk.hash === this.hash) only = undefined
      if (walk.hash >= this.hash) continue
      this.hash = walk.hash
      only = walk
    }
    if (this.hash === Infinity) return false
    // Most hashes are of one run.
    if (only !== undefined)
      do this.#tell(only)
      while (only.next() && only.hash === this.hash)
    else
      for (let walk = this.#first(); walk !== undefined; walk = this.#first()) {
        this.#tell(walk)
        this.#pass(walk.sort, walk.row)
      }
    return true
  }

  #tell({ sort, state }: RunWalk): void {
    if (this.#keepsDropped || state % 2 === 0) this.postings.push({ hash: this.hash, sort, state })
  }

  /** The one that has the first posting of the hash; of those that have the same posting the youngest. */
  #first(): RunWalk | undefined {
    let first: RunWalk | undefined
    for (const walk of this.#walks) {
      if (walk.hash !== this.hash) continue
      if (
        first === undefined ||
        walk.sort < first.sort ||
        (walk.sort === first.sort && walk.row <= first.row)
      )
        first = walk
    }
    return first
  }

  #pass(sort: number, row: number): void {
    for (const walk of this.#walks)
      if (walk.hash === this.hash && walk.sort === sort && walk.row === row) walk.next()
  }
}

class RunWalk {
  readonly #run: RunBlocks
  #block: DataView
  #next = 0
  #at = 0
  /** Infinity behind the last. */
  hash = 0
  sort = 0
  state = 0
  row = 0

  constructor(run: RunBlocks) {
    this.#run = run
    this.#block = NO_BLOCK
  }

  next(): boolean {
    if (this.#at === this.#block.byteLength && !this.#load()) {
      this.hash = Infinity
      return false
    }
    this.hash = hashAt(this.#block, this.#at)
    this.sort = runSortAt(this.#block, this.#at)
    this.state = stateAt(this.#block, this.#at)
    this.row = Math.floor(this.state / 2)
    this.#at += RUN_WIDTH
    return true
  }

  /** The next block, copied: others are read before its end. */
  #load(): boolean {
    if (this.#next >= this.#run.blocks) return false
    const { buffer, byteOffset, byteLength } = this.#run.block(this.#next++)
    this.#block = new DataView(buffer.slice(byteOffset, byteOffset + byteLength))
    this.#at = 0
    return true
  }
}
