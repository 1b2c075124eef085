import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { parseStored } from './record.contract.ts'

/**
 * One page of a search of the FHIR server as the caller: what it may not see is not found.
 *
 * @param query as in a URL: `status=in-progress&_count=10`
 * @returns the matches in their order, as JSON text; `next`: token of the page behind, absent for the last one
 */
export type Search = (
  caller: Caller,
  type: string,
  query: URLSearchParams,
) => Promise<{ readonly rows: readonly { readonly bytes: Uint8Array }[]; readonly next?: string }>

/**
 * The same with resources parsed; the caller names the interface that it reads of them. A query with `_count` gives the first so many, any other one
 * all that there are: a board that misses a bed is worse than none.
 *
 * @throws Fault `too-costly` beyond `limits.care.pagesMost`
 */
export type Find = <T>(caller: Caller, type: string, query: Readonly<Record<string, string>>) => Promise<T[]>

/** Whose question it is. */
export interface Reading {
  readonly find: Find
  readonly caller: Caller
}

export function createFind(search: Search): Find {
  return async <T>(caller: Caller, type: string, query: Readonly<Record<string, string>>) => {
    const found: T[] = []
    const isAll = query['_count'] === undefined
    const asked = new URLSearchParams({ _count: String(limits.fhir.pageMost), ...query })
    for (let page = 0; page < limits.care.pagesMost; page += 1) {
      const { rows, next } = await search(caller, type, asked)
      for (const { bytes } of rows) found.push(parseStored(bytes) as T)
      if (next === undefined || !isAll) return found
      asked.set('_page', next)
    }
    const text = `There are more than ${found.length} resources ${type} to look through.`
    throw fault('too-costly', { code: 'too-costly', text })
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
