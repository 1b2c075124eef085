const ROOM = 4096

/**
 * Many lists of places, in the order in which these came: chains in typed arrays, as an object and an array for each of twenty thousand lists,
 * most of them of one place, would be a third of a merge.
 */
export class PlaceLists {
  #lists = 0
  #count = 0
  /** Of each list: its last link, 0 for none, how many it has, and a hash of its places. */
  #last = new Uint32Array(ROOM)
  #counts = new Uint32Array(ROOM)
  #hashes = new Int32Array(ROOM)
  /** Of each link, from 1 on: its place, and the link before it. */
  #places = new Uint32Array(ROOM)
  #before = new Uint32Array(ROOM)

  /** @returns the number of a new list */
  begin(): number {
    if (this.#lists === this.#last.length) {
      this.#last = grown(this.#last)
      this.#counts = grown(this.#counts)
      this.#hashes = new Int32Array(grown(new Uint32Array(this.#hashes.buffer)).buffer)
    }
    return this.#lists++
  }

  /** Nothing new when it is the place that was added last. */
  add(list: number, place: number): void {
    const last = this.#last[list] ?? 0
    if (last !== 0 && this.#places[last] === place) return
    const link = ++this.#count
    if (link === this.#places.length) {
      this.#places = grown(this.#places)
      this.#before = grown(this.#before)
    }
    this.#places[link] = place
    this.#before[link] = last
    this.#last[list] = link
    this.#counts[list] = (this.#counts[list] ?? 0) + 1
    const mixed = Math.imul((this.#hashes[list] ?? 0) ^ place, 0x85ebca6b)
    this.#hashes[list] = mixed ^ (mixed >>> 15)
  }

  hashOf(list: number): number {
    return this.#hashes[list] ?? 0
  }

  countOf(list: number): number {
    return this.#counts[list] ?? 0
  }

  /** Of a list that has one place. */
  onlyPlaceOf(list: number): number | undefined {
    return this.#counts[list] === 1 ? this.#places[this.#last[list] ?? 0] : undefined
  }

  placesOf(list: number): Uint32Array {
    const places = new Uint32Array(this.#counts[list] ?? 0)
    let link = this.#last[list] ?? 0
    for (let at = places.length - 1; at >= 0; at--) {
      places[at] = this.#places[link] ?? 0
      link = this.#before[link] ?? 0
    }
    return places
  }

  isSame(a: number, b: number): boolean {
    if (this.#counts[a] !== this.#counts[b]) return false
    let [one, other] = [this.#last[a] ?? 0, this.#last[b] ?? 0]
    while (one !== 0 && this.#places[one] === this.#places[other]) {
      one = this.#before[one] ?? 0
      other = this.#before[other] ?? 0
    }
    return one === 0
  }
}

/** Lists by a hash of 53 bits: an open table, at most half full. */
export class HashedLists {
  readonly #lists: PlaceLists
  #count = 0
  /** -1 where nothing is. */
  #hashes = new Float64Array(ROOM).fill(-1)
  #numbers = new Uint32Array(ROOM)

  constructor(lists: PlaceLists) {
    this.#lists = lists
  }

  /** The list of a hash, which begins when it is asked for first. */
  listOf(hash: number): number {
    const slot = this.#slotOf(hash)
    if (this.#hashes[slot] === hash) return this.#numbers[slot] ?? 0
    const list = this.#lists.begin()
    this.#hashes[slot] = hash
    this.#numbers[slot] = list
    if (++this.#count * 2 > this.#hashes.length) this.#grow()
    return list
  }

  /** The list of a hash, if it has begun. */
  find(hash: number): number | undefined {
    const slot = this.#slotOf(hash)
    return this.#hashes[slot] === hash ? this.#numbers[slot] : undefined
  }

  inOrder(): Float64Array {
    return this.#hashes.filter((each) => each >= 0).toSorted()
  }

  /** Where it is, or where it may go. */
  #slotOf(hash: number): number {
    const mask = this.#hashes.length - 1
    let slot = hash & mask
    while (this.#hashes[slot] !== hash && this.#hashes[slot] !== -1) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const [hashes, numbers] = [this.#hashes, this.#numbers]
    this.#hashes = new Float64Array(hashes.length * 2).fill(-1)
    this.#numbers = new Uint32Array(numbers.length * 2)
    for (const [at, hash] of hashes.entries()) {
      if (hash < 0) continue
      const slot = this.#slotOf(hash)
      this.#hashes[slot] = hash
      this.#numbers[slot] = numbers[at] ?? 0
    }
  }
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const twice = new Uint32Array(array.length * 2)
  twice.set(array)
  return twice
}
