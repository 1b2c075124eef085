import type { Caller } from '../../auth/caller.ts'
import { limits } from '../../kernel/limits.ts'
import { parseStored } from './record.contract.ts'

/**
 * One search of the FHIR server as the caller: what it may not see is not found.
 *
 * @param query as in a URL: `status=in-progress&_count=10`
 * @returns the matches of the first page, in its order, as JSON text
 */
export type Search = (
  caller: Caller,
  type: string,
  query: URLSearchParams,
) => Promise<readonly { readonly bytes: Uint8Array }[]>

/** The same with resources parsed; the caller names the interface that it reads of them. */
export type Find = <T>(caller: Caller, type: string, query: Readonly<Record<string, string>>) => Promise<T[]>

/** Whose question it is. */
export interface Reading {
  readonly find: Find
  readonly caller: Caller
}

export const MANY = { _count: String(limits.fhir.pageMost) } as const

export function createFind(search: Search): Find {
  return async <T>(caller: Caller, type: string, query: Readonly<Record<string, string>>) => {
    const rows = await search(caller, type, new URLSearchParams(query))
    return rows.map(({ bytes }) => parseStored(bytes) as T)
  }
}

/** One search for each hundred values, joined by commas as FHIR's "or". */
export async function inChunks<T>(
  values: readonly string[],
  ask: (joined: string) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = []
  for (let start = 0; start < values.length; start += limits.care.idsPerSearch) {
    found.push(...(await ask(values.slice(start, start + limits.care.idsPerSearch).join(','))))
  }
  return found
}

/** One question for each value, a few at a time. */
export async function inGroups<T>(
  values: readonly string[],
  ask: (value: string) => Promise<T>,
): Promise<T[]> {
  const found: T[] = []
  for (let start = 0; start < values.length; start += limits.care.patientsAtOnce) {
    found.push(...(await Promise.all(values.slice(start, start + limits.care.patientsAtOnce).map(ask))))
  }
  return found
}
