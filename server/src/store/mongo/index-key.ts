import { createHash } from 'node:crypto'

import { limits } from '../../kernel/limits.ts'

/** A key is cut at `limits.store.keyBytes` and ends in a hash of the whole, so that cut keys stay distinct. */
export function indexKey(key: string): string {
  if (key.length * 3 <= limits.store.keyBytes) return key
  const bytes = Buffer.from(key)
  if (bytes.length <= limits.store.keyBytes) return key
  const hash = createHash('sha256').update(bytes).digest('base64url')
  // A code point that the cut splits becomes U+FFFD, always in the same way.
  return `${bytes.toString('utf8', 0, limits.store.keyBytes)}#${hash}`
}
