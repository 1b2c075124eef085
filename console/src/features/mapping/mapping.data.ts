import { TesterAnswer } from '@hub/hl7/replay.contract.ts'
import { useMutation } from '@tanstack/react-query'
import type { z } from 'zod'

import { postJson } from '../../api/http.ts'
import { keepDigits } from '../../api/transport.ts'
import { fieldTree } from '../../ui/field-tree.ts'
import type { FieldTree } from '../../ui/field-tree.ts'
import { elementValue } from './element-value.ts'
import { segmentsOfText } from './segments-of-text.ts'

type Answer = z.infer<typeof TesterAnswer>

/** What the rules make of a message. */
export interface Tested extends Pick<Answer, 'warnings' | 'errors' | 'partitions'> {
  readonly tree: FieldTree
}

/** Maps a message without storing anything. */
export function useTester() {
  return useMutation({
    mutationFn: async ({ feed, text }: { readonly feed: string; readonly text: string }) =>
      testedOf(text, await postJson(TesterAnswer, '/api/v1/interop/tester', { feed, text })),
    networkMode: 'always',
  })
}

export function testedOf(text: string, { resources, ...rest }: Answer): Tested {
  const named = resources.map(({ key, own, resource, trace }, index) => {
    const content: unknown = JSON.parse(resource, keepDigits)
    const reference = `${index + 1} · ${key}`
    return {
      reference,
      action: own,
      rows: trace.map((row) => ({ reference, ...row, value: elementValue(content, row.element) })),
    }
  })
  const segments = segmentsOfText(text)
  const tree = fieldTree({
    segments,
    resources: named.map(({ reference, action }) => ({ reference, action })),
    trace: named.flatMap(({ rows }) => rows),
  })
  return { ...rest, tree }
}
