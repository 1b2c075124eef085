import type { z } from 'zod'

import { Problem, textsOf } from './problem.ts'

/**
 * The one `fetch` of the console.
 *
 * @throws Problem when there is no answer (status 0) or when its status is not 2xx
 */
export async function answered(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, [])
  })
  if (response.ok) return response
  const body: unknown = await response.json().catch(() => undefined)
  throw new Problem(response.status, textsOf(body), response.headers.get('x-request-id') ?? undefined)
}

export async function parsed<T>(schema: z.ZodType<T>, response: Response): Promise<T> {
  const text = await response.text()
  return schema.parse(text === '' ? undefined : JSON.parse(text, keepDigits))
}

/** A file of the console itself (a language): no token. */
export async function getAsset<T>(schema: z.ZodType<T>, url: string): Promise<T> {
  return parsed(schema, await answered(url, {}))
}

/** Decimals that a double would print differently (`5.60`) stay the text that the hub sent. */
export function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return String(value) === context.source ? value : context.source
}
