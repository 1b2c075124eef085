/** Bytes of Latin-1 as text for people and filters: UTF-8 where it is, and cut, so that no sender fills the journal with it. */
export function shownText(part: string): string {
  return (isPlain(part) ? part : Buffer.from(part, 'latin1').toString('utf8')).slice(0, 200)
}

function isPlain(part: string): boolean {
  for (let at = 0; at < part.length; at++) if (part.charCodeAt(at) > 0x7f) return false
  return true
}
