import { setImmediate } from 'node:timers/promises'

import { limits } from '../../kernel/limits.ts'

/** Between two steps of the work on a large message everybody else gets a turn; small ones go straight on. */
export async function breathe({ bytes }: { readonly bytes: number }): Promise<void> {
  if (bytes > limits.hl7.largeBytes) await setImmediate()
}
