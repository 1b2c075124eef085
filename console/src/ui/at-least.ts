/** A count that was ended at a limit (`10000+`). Isolated: on an Arabic page the sign would go to the other side of the number. */
export function atLeast({ count, isMore }: { readonly count: number; readonly isMore: boolean }): string {
  return isMore ? `\u2066${count}+\u2069` : String(count)
}
