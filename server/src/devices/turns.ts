/** Work of one device in the order in which it came, of different devices side by side. A failure ends its own turn only. */
export function createTurns(): <Result>(device: string, work: () => Promise<Result>) => Promise<Result> {
  const latest = new Map<string, Promise<unknown>>()
  return async (device, work) => {
    const turn = (latest.get(device) ?? Promise.resolve()).then(work, work)
    latest.set(device, turn)
    try {
      return await turn
    } finally {
      if (latest.get(device) === turn) latest.delete(device)
    }
  }
}
