import { setTimeout } from 'node:timers/promises'

import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { KeyRebuilder, RebuildProgress, Unmade } from '../../store/key-rebuild.ts'
import type { ResourceReader } from '../../store/port.ts'
import type { IndexProgress } from '../definitions.ts'
import type { CustomDefinitions } from './custom-definitions.ts'
import { usableParameters } from './posted-issues.ts'
import { rebuildName } from './posted.ts'
import type { CustomParameter } from './posted.ts'

/** Search parameters that are posted as resources: read from the store, indexed in the background, pending until then. */
export interface CustomParameters {
  /** Reads them again, when one was changed. */
  refresh(): Promise<void>
  /** From now on their indexes are built and, on a store with other processes, those that these post are noticed. */
  run(rebuilder: KeyRebuilder): void
  close(): Promise<void>
}

export interface CustomParametersOptions {
  readonly reader: ResourceReader
  readonly definitions: CustomDefinitions
  /** Other processes write to the store, too. Where none does, looking for their changes would only make the search index settle every second. */
  readonly isShared: boolean
  /** Told why a SearchParameter can not be used, and of what failed in the background. */
  readonly onError: (error: unknown) => void
}

const TYPE = 'SearchParameter'

export function createCustomParameters(options: CustomParametersOptions): CustomParameters {
  const { reader, definitions, isShared, onError } = options
  const stop = new AbortController()
  const background = new Set<Promise<void>>()
  let rebuilder: KeyRebuilder | undefined
  let parameters: readonly CustomParameter[] = []
  let known = ''
  const supervise = (work: Promise<void>): void => {
    const watched = work.catch(onError).finally(() => background.delete(watched))
    background.add(watched)
  }
  const index = (): void => {
    if (rebuilder && parameters.length > 0) supervise(startIndexes(rebuilder, parameters, stop.signal))
  }
  const refresh = async (): Promise<void> => {
    const state = await stateOf(reader)
    if (state === known) return
    parameters = await readParameters(options)
    definitions.replace(parameters, (parameter) =>
      progressOf({ reader, rebuilder: () => rebuilder }, parameter),
    )
    known = state
    index()
  }
  return {
    refresh,
    run: (given) => {
      rebuilder = given
      index()
      if (isShared) supervise(poll(refresh, stop.signal, onError))
    },
    close: async () => {
      stop.abort()
      await Promise.all(background)
    },
  }
}

/** Other processes of the store post them, too. */
async function poll(
  refresh: () => Promise<void>,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  for (;;) {
    await setTimeout(limits.fhir.customPollMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    await refresh().catch(onError)
  }
}

/** Changes with every write of a SearchParameter. */
async function stateOf(reader: ResourceReader): Promise<string> {
  const [last] = await reader.scan({ type: TYPE, order: 'updated', direction: 'desc', limit: 1 })
  const count = last ? await reader.count(TYPE, undefined, limits.fhir.customParameters) : 0
  return JSON.stringify([count, last?.sort, last?.tie])
}

async function readParameters({
  reader,
  definitions,
  onError,
}: CustomParametersOptions): Promise<readonly CustomParameter[]> {
  const limit = limits.fhir.customParameters
  const found = await reader.scan({ type: TYPE, order: 'updated', direction: 'asc', limit })
  const rows = await reader.fetch(
    TYPE,
    found.map(({ id }) => id),
  )
  const resources = rows.flatMap((row) =>
    row ? [JSON.parse(Buffer.from(row.bytes).toString('utf8')) as JsonObject] : [],
  )
  return usableParameters(resources, definitions, onError)
}

/** After a while, in which every process of the store has come to know them. */
async function startIndexes(
  rebuilder: KeyRebuilder,
  parameters: readonly CustomParameter[],
  signal: AbortSignal,
): Promise<void> {
  await setTimeout(limits.fhir.customPollMs * 2, undefined, { signal }).catch(() => undefined)
  if (signal.aborted) return
  for (const parameter of parameters)
    await rebuilder.start({
      name: rebuildName(parameter),
      target: parameter.fingerprint,
      types: parameter.types,
    })
}

interface Progressing {
  readonly reader: ResourceReader
  readonly rebuilder: () => KeyRebuilder | undefined
}

function progressOf(
  { reader, rebuilder }: Progressing,
  parameter: CustomParameter,
): () => Promise<IndexProgress | undefined> {
  let built: RebuildProgress | undefined
  return async () => {
    const own = built ?? (await rebuildOf(rebuilder(), parameter))
    if (own?.isFinished !== true) return { done: 0, total: 0, ...own, failed: 0, isFinished: false }
    built = own
    if (own.failed === 0) return undefined
    const failed = own.failed - (await keyedSince(reader, own.unmade))
    built = failed === 0 ? { ...own, failed } : own
    return failed === 0 ? undefined : { ...own, failed }
  }
}

async function rebuildOf(
  rebuilder: KeyRebuilder | undefined,
  { id, fingerprint }: CustomParameter,
): Promise<RebuildProgress | undefined> {
  const all = (await rebuilder?.progress()) ?? []
  return all.find(({ name, target }) => name === rebuildName({ id }) && target === fingerprint)
}

/** How many of these versions are no more: what was written since has its keys, or is gone. */
async function keyedSince(reader: ResourceReader, unmade: readonly Unmade[]): Promise<number> {
  let count = 0
  for (const { type, id, version } of unmade) {
    const [row] = await reader.fetch(type, [id])
    if (row?.version !== version) count += 1
  }
  return count
}
