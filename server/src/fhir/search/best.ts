/** How many times the wanted ones may wait for the next sort. */
const ROOM = 4
const ROOM_LEAST = 256

/** Keeps the first so many of whatever order it sees them in: memory and sorting are bounded by what is wanted, not by what there is. */
export class Best<T> {
  readonly #compare: (a: T, b: T) => number
  readonly #most: number
  #kept: T[] = []
  /** The last of the wanted ones at the last sort: nothing behind it can be wanted. */
  #bound: T | undefined

  constructor(compare: (a: T, b: T) => number, most: number) {
    this.#compare = compare
    this.#most = most
  }

  add(one: T): void {
    if (this.#bound !== undefined && this.#compare(one, this.#bound) >= 0) return
    this.#kept.push(one)
    if (this.#kept.length >= Math.max(this.#most * ROOM, ROOM_LEAST)) this.#cut()
  }

  /** In order, at most so many as are wanted. */
  sorted(): readonly T[] {
    this.#cut()
    return this.#kept
  }

  #cut(): void {
    this.#kept = this.#kept.toSorted(this.#compare).slice(0, this.#most)
    if (this.#kept.length === this.#most) this.#bound = this.#kept.at(-1)
  }
}
