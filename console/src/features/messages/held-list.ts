import { useState } from 'react'

interface Row {
  readonly id: string
}

interface List<T extends Row> {
  /** Newest first. */
  readonly messages: readonly T[]
  readonly next?: string | undefined
}

interface Held<T extends Row> {
  readonly list: List<T> | undefined
  /** How many came since the list was opened, as far as one page tells. */
  readonly newer: number
  /** Shows them, too. */
  readonly showNewer: () => void
}

/**
 * A list that stays as it was opened: what came since waits until it is asked for, so that no row moves under the pointer; rows that are shown follow their
 * state.
 *
 * @param name of what is listed: another one is opened anew
 * @param latest `undefined` while it is awaited
 */
export function useHeldList<T extends Row>(name: string, latest: List<T> | undefined): Held<T> {
  const [held, hold] = useState<{ readonly name: string; readonly list: List<T> } | undefined>()
  const isHeld = held?.name === name && held.list.messages.length > 0
  if (latest !== undefined && !isHeld && held?.list !== latest) hold({ name, list: latest })
  if (latest === undefined || !isHeld) return { list: latest, newer: 0, showNewer: () => undefined }
  return { ...followed(held.list, latest), showNewer: () => hold({ name, list: latest }) }
}

/** The held rows as they are now, without those that do not belong to the list any more. */
export function followed<T extends Row>(held: List<T>, latest: List<T>): Omit<Held<T>, 'showNewer'> {
  const now = new Map(latest.messages.map((row) => [row.id, row]))
  const newest = held.messages[0]?.id ?? ''
  // Further back than the latest page reaches nothing is known.
  const reach = latest.next === undefined ? '' : (latest.messages.at(-1)?.id ?? '')
  const messages = held.messages.flatMap((row) => now.get(row.id) ?? (row.id < reach ? row : []))
  return { list: { ...held, messages }, newer: latest.messages.filter(({ id }) => id > newest).length }
}
