import { onTestFinished } from 'vitest'

/** Processor time of the longest turns of this thread's event loop, in milliseconds: what others on the machine do is not counted. */
export function watchTurns(): { longest(): number } {
  let longest = 0
  let before = process.threadCpuUsage()
  let isOver = false
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (user + system) / 1000)
    before = process.threadCpuUsage()
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  onTestFinished(() => void (isOver = true))
  return { longest: () => longest }
}
