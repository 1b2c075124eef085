/** When a feed said something. */
export interface Word {
  /** Of the event: milliseconds UTC. */
  readonly eventTime?: number | undefined
  /** Id of the message in the journal: in the order of arrival. */
  readonly message?: string | undefined
}

/** As it is kept in a record. */
export interface KeptWord {
  readonly eventTime?: number
  readonly message?: string
}

/**
 * Of two events at one time, as of an admission and its correction within a second, the one that came first is before the other: a message
 * that comes again says nothing over those behind it.
 */
export function isBefore(one: Word, other: Word): boolean {
  if (one.eventTime === other.eventTime)
    return one.message !== undefined && other.message !== undefined && one.message < other.message
  return one.eventTime !== undefined && other.eventTime !== undefined && one.eventTime < other.eventTime
}

/** The later one. @param last may have been told without a time */
export function lastWord(last: Word, now: Word): KeptWord {
  const { message } = isBefore(now, last) ? last : now
  const times = [now.eventTime, last.eventTime].filter((time) => time !== undefined)
  return {
    ...(times.length === 0 ? {} : { eventTime: Math.max(...times) }),
    ...(message === undefined ? {} : { message }),
  }
}

/** @param value of a record that may hold one */
export function wordOf(value: unknown): KeptWord {
  const { eventTime, message } = (value ?? {}) as Readonly<Record<string, unknown>>
  return {
    ...(typeof eventTime === 'number' ? { eventTime } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  }
}
