/** A growing set of row numbers, one bit each. */
export class RowSet {
  #bits = new Uint8Array(1 << 16)

  add(seq: number): void {
    const at = Math.floor(seq / 8)
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2))
      grown.set(this.#bits)
      this.#bits = grown
    }
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (seq % 8))
  }

  has(seq: number): boolean {
    return ((this.#bits[Math.floor(seq / 8)] ?? 0) & (1 << (seq % 8))) !== 0
  }
}
