import { setTimeout } from 'node:timers/promises'

import { fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import type { Store } from '../store/port.ts'

/** Which patient a device measures, from when to when. Bounds in milliseconds UTC; `end` absent: still going on. */
export interface Association {
  readonly device: string
  /** `Patient/<id>`. */
  readonly patient: string
  /** `Organization/<id>`s of the bed. */
  readonly facilities: readonly string[]
  readonly start: number
  readonly end?: number
}

export interface Associations {
  /** Who was connected at this time; looked up at the time of the measurement, never at the time of arrival. */
  at(device: string, time: number): Promise<Association | undefined>
  /** Ends the association that goes on, if any, and starts a new one. @throws Fault `conflict` when a later one exists */
  begin(association: Omit<Association, 'end'>): Promise<void>
  end(device: string, time: number): Promise<void>
  current(): Promise<readonly Association[]>
}

const COLLECTION = 'device-associations'
const LISTED_MOST = 1000
/** Sorts times as text. */
const DIGITS = 16

export function createAssociations(store: Pick<Store, 'records'>): Associations {
  async function latest(
    device: string,
    time: number,
  ): Promise<{ found: Association; revision: number } | undefined> {
    const [record] = await store.records.range({
      collection: COLLECTION,
      from: `${device}|`,
      to: `${idOf(device, time)}~`,
      reverse: true,
      limit: 1,
    })
    return record ? { found: decode(record.value), revision: record.revision } : undefined
  }

  async function end(device: string, time: number): Promise<void> {
    const last = await latest(device, Number.MAX_SAFE_INTEGER)
    if (!last || last.found.end !== undefined) return
    if (last.found.start > time) throw laterOne(device)
    const value = { ...last.found, end: time }
    const applied = await store.records.apply([
      {
        op: 'replace',
        collection: COLLECTION,
        id: idOf(device, value.start),
        value,
        revision: last.revision,
      },
    ])
    if (applied.outcome === 'refused') throw laterOne(device)
  }

  return {
    end,
    at: async (device, time) => {
      const last = await latest(device, time)
      return last && (last.found.end ?? Infinity) > time ? last.found : undefined
    },
    begin: async (association) => {
      await end(association.device, association.start)
      const id = idOf(association.device, association.start)
      const applied = await store.records.apply([
        { op: 'insert', collection: COLLECTION, id, value: { ...association } },
      ])
      if (applied.outcome === 'refused') throw laterOne(association.device)
    },
    current: async () => {
      const records = await store.records.range({ collection: COLLECTION, limit: LISTED_MOST })
      return records
        .map((record) => decode(record.value))
        .filter((association) => association.end === undefined)
    },
  }
}

/**
 * Screens and alarms do not wait for a store that is slow or away: they go by the last association that it told. One entry a device of the
 * fleet, which is bounded.
 */
export function remembering(associations: Associations): Pick<Associations, 'at'> {
  const last = new Map<string, Association | undefined>()
  const look = async (device: string, time: number): Promise<Association | undefined> => {
    const found = await associations.at(device, time)
    last.set(device, found)
    return found
  }
  return {
    at: async (device, time) => {
      const looking = look(device, time)
      if (!last.has(device)) return looking
      const stop = new AbortController()
      const late = setTimeout(limits.devices.associationMs, undefined, { signal: stop.signal })
      try {
        return await Promise.race([looking, late.then(() => last.get(device))])
      } catch {
        return last.get(device)
      } finally {
        stop.abort()
        late.catch(() => undefined)
        looking.catch(() => undefined)
      }
    },
  }
}

function idOf(device: string, time: number): string {
  return `${device}|${String(Math.trunc(time)).padStart(DIGITS, '0')}`
}

function decode(value: unknown): Association {
  return value as Association
}

function laterOne(device: string): Error {
  return fault('conflict', {
    code: 'conflict',
    text: `${device} was associated by someone else in the meantime, or at a later time; look at it again`,
  })
}
