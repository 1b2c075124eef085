const MOST_EDITS = 2
const MOST_CHARS = 60

/** How to mend a name that is not known: by one that is much like it, if there is one. */
export function nameAdvice(name: string, known: readonly string[]): string {
  const found = similarNames(name, known)
  return found.length > 0 ? `did you mean ${found.join(' or ')}?` : 'remove it or mend its name.'
}

/** The variants of a choice (`deceased`), the same name in other case, or names that differ by two letters at most. */
function similarNames(name: string, known: readonly string[]): readonly string[] {
  if (name.length > MOST_CHARS) return []
  const plain = name.trim().replace(/^_/, '')
  const variants = known.filter((each) => each.startsWith(plain) && /^[A-Z]/.test(each.slice(plain.length)))
  if (plain.length > 2 && variants.length > 0) return variants.slice(0, 5)
  const lower = plain.toLowerCase()
  const same = known.filter((each) => each.toLowerCase() === lower)
  if (same.length > 0) return same
  const most = plain.length > 4 ? MOST_EDITS : 1
  return known.filter((each) => editDistance(lower, each.toLowerCase()) <= most).slice(0, 3)
}

/** Letters to add, remove or change (Levenshtein). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_EDITS) return MOST_EDITS + 1
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change))
    }
    row = next
  }
  return row[b.length] ?? 0
}
