const CONTROL = 'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled'
const ROW = 'tr, li'

interface Place {
  readonly element: HTMLElement
  /** All around it, the nearest first: what is left of them tells where it was. */
  readonly around: readonly HTMLElement[]
  /** Of its row among the rows beside it; -1 outside of rows. */
  readonly row: number
}

/**
 * Keeps the place of the keyboard in a part of the page when what had the focus is taken away or switched off by its own action: a row that is
 * dealt with, a button that waits for its answer.
 *
 * @returns ends it
 */
export function keepFocus(part: HTMLElement): () => void {
  let last: Place | undefined
  const entered = ({ target }: FocusEvent) => {
    if (target instanceof HTMLElement && target !== part) last = placeOf(target, part)
  }
  // One that was taken away, or switched off, did not leave by itself.
  const left = ({ target }: FocusEvent) =>
    queueMicrotask(() => {
      if (last?.element === target && isUsable(last.element)) last = undefined
    })
  const changed = () => {
    if (last === undefined || document.activeElement !== document.body) return
    if (last.element.isConnected) {
      if (isUsable(last.element)) last.element.focus({ preventScroll: true })
      return
    }
    const next = successorOf(last) ?? part
    last = undefined
    next.focus({ preventScroll: true })
  }
  const observer = new MutationObserver(changed)
  observer.observe(part, { subtree: true, childList: true, attributeFilter: ['disabled'] })
  part.addEventListener('focusin', entered)
  part.addEventListener('focusout', left)
  return () => {
    observer.disconnect()
    part.removeEventListener('focusin', entered)
    part.removeEventListener('focusout', left)
  }
}

function isUsable(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(':disabled')
}

function placeOf(element: HTMLElement, part: HTMLElement): Place {
  const around: HTMLElement[] = []
  for (let at = element.parentElement; at !== null && at !== part; at = at.parentElement) around.push(at)
  const row = element.closest<HTMLElement>(ROW)
  const siblings = row?.parentElement?.children ?? []
  return { element, around, row: [...siblings].findIndex((one) => one === row) }
}

/**
 * What stands at the place now. In rows the link of the one that moved up, never its button: a key that is held down must not decide one row after
 * the other.
 */
function successorOf({ around, row }: Place): HTMLElement | undefined {
  const left = around.find(({ isConnected }) => isConnected)
  if (left === undefined) return undefined
  const isRowGone = around.some((one) => one.matches(ROW) && !one.isConnected)
  if (!isRowGone) return left.querySelector<HTMLElement>(CONTROL) ?? undefined
  const rows = [...left.children]
  return rows[Math.min(row, rows.length - 1)]?.querySelector<HTMLElement>('a[href]') ?? undefined
}
