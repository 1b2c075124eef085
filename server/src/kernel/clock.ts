/** Where "now" comes from: milliseconds since 1970 in UTC. Pure code takes it as an argument; tests hand in their own. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()
