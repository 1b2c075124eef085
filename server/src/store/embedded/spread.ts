const STRIDE = 31

/** In an order that is none: inserting in key order leaves pages half empty, as each split gives what comes next to the new one. */
export function spread<T>(sorted: readonly T[]): readonly T[] {
  const result: T[] = []
  for (let start = 0; start < STRIDE; start++)
    for (let at = start; at < sorted.length; at += STRIDE) result.push(sorted[at] as T)
  return result
}
