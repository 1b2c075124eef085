import type { z } from 'zod'

import { Problem } from './problem.ts'
import { freshAccess, useSession } from './session.ts'
import { answered, parsed } from './transport.ts'

/**
 * Reads JSON with the user's token.
 *
 * @throws Problem with the texts of the OperationOutcome; after a 401 that a fresh token does not cure the session ends.
 */
export async function getJson<T>(schema: z.ZodType<T>, path: string, signal?: AbortSignal): Promise<T> {
  return parsed(schema, await authorised(path, signal ? { signal } : {}))
}

/** Reads bytes with the user's token: a link would not send it. */
export async function getBytes(path: string): Promise<Blob> {
  return (await authorised(path, {})).blob()
}

export async function postJson<T>(schema: z.ZodType<T>, path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return parsed(schema, await authorised(path, { method: 'POST', body: JSON.stringify(body), headers }))
}

async function authorised(path: string, init: RequestInit): Promise<Response> {
  const token = useSession.getState().session?.access
  try {
    return await answered(path, withToken(init, token))
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error
    const fresh = await freshAccess(token)
    if (fresh === undefined) throw error
    return answered(path, withToken(init, fresh))
  }
}

function withToken(init: RequestInit, token: string | undefined): RequestInit {
  const headers = new Headers(init.headers)
  headers.set('accept', 'application/fhir+json, application/json')
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  return { ...init, headers }
}
