/** `1 concept`, `2 concepts`. @param noun one whose plural ends in s */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
