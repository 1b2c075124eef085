import type { Readable } from 'node:stream'

import { Fault, fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import { EntryScanner } from '../json/entry-scanner.hot.ts'

/** A Bundle as it arrived: its text with a 0 in the place of each entry, and the texts of the entries. */
export interface CutBundle {
  readonly head: string
  readonly items: readonly Buffer[]
}

/** Cuts a Bundle into its entries while it arrives. @throws Fault `too-large`, `malformed` */
export async function receiveBundle(body: Readable): Promise<CutBundle> {
  const { bundleBytes, bundleEntries, bundleHeadBytes, resourceBytes } = limits.fhir
  const scanner = new EntryScanner('entry', {
    items: bundleEntries,
    itemBytes: resourceBytes,
    headBytes: bundleHeadBytes,
  })
  const pace = createPace()
  let received = 0
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      received += chunk.length
      if (received > bundleBytes) throw tooLarge()
      scanner.push(chunk)
      await pace()
    }
  } catch (error) {
    // What the sender still has is read and dropped, so that the refusal reaches it.
    body.resume()
    throw error instanceof Fault ? error : unreadable()
  }
  return { head: scanner.end(), items: scanner.items }
}

function tooLarge(): Fault {
  const text = `A Bundle may have ${String(limits.fhir.bundleBytes)} bytes at most`
  return fault('too-large', { code: 'too-long', text })
}

function unreadable(): Fault {
  return fault('malformed', {
    code: 'structure',
    text: 'The body ended too early, or is not packed as it says',
  })
}
