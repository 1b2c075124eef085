/** TS with milliseconds, in UTC. */
export function timeStamp(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== lastSecond.at) {
    const iso = new Date(second * 1000).toISOString()
    lastSecond.text = iso.slice(0, 19).replaceAll(/[-:T]/g, '')
    lastSecond.at = second
  }
  return `${lastSecond.text}.${String(Math.trunc(nowMs - second * 1000)).padStart(3, '0')}+0000`
}

/** Many messages come in one second. */
const lastSecond = { at: Number.NaN, text: '' }
