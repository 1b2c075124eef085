import { limits } from '../../kernel/limits.ts'

export interface LaterRow {
  readonly seq: number
  readonly row: Buffer
}

const NONE: readonly LaterRow[] = []

/** Rows that wait until somebody asks for their type: a search of one type need not index what others wrote. */
export class LaterRows {
  readonly #byType = new Map<string, LaterRow[]>()
  #count = 0

  /** @returns false when it takes no more: more than a merge takes would make the next search wait too long. */
  add(type: string, row: LaterRow): boolean {
    if (this.#count >= limits.store.mergeRows) return false
    this.#count++
    const rows = this.#byType.get(type)
    if (rows === undefined) this.#byType.set(type, [row])
    else rows.push(row)
    return true
  }

  /** Those of a type, in the order in which they came; they are not here any more. */
  take(type: string): readonly LaterRow[] {
    const rows = this.#byType.get(type)
    if (rows === undefined) return NONE
    this.#byType.delete(type)
    this.#count -= rows.length
    return rows
  }
}
