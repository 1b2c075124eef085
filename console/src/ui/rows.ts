import type { KeyboardEvent } from 'react'

/** `j` and `k`, or the arrows, move between the links of a list that carry `data-row`; Enter opens, as with any link. */
export function moveInRows(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key]
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')]
  const here = rows.findIndex((row) => row.contains(document.activeElement))
  const next = rows[here + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }
