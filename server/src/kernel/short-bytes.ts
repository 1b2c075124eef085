/** For a few bytes in hot paths: the call of a library takes longer than they do. */

/** Puts a text of ASCII letters into the target. @returns where it ends */
export function putAscii(target: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index)
  return at + text.length
}

/** Puts the bytes of the source from one place to another into the target. @returns where they end there */
export function putBytes(
  target: Uint8Array,
  at: number,
  { bytes, from, to }: { readonly bytes: Uint8Array; readonly from: number; readonly to: number },
): number {
  for (let index = from; index < to; index++) target[at + index - from] = bytes[index] ?? 0
  return at + to - from
}
