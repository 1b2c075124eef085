import { TesterAnswer } from '@hub/hl7/replay.contract.ts'
import { useMutation } from '@tanstack/react-query'
import type { z } from 'zod'

import { postJson } from '../../api/http.ts'
import { keepDigits } from '../../api/transport.ts'
import { elementValue } from '../../ui/element-value.ts'
import { fieldTree, findingsOf } from '../../ui/field-tree.ts'
import type { FieldTree, Finding } from '../../ui/field-tree.ts'
import { segmentsOfText } from './segments-of-text.ts'

type Answer = z.infer<typeof TesterAnswer>

/** What the rules make of a message. */
export interface Tested {
  readonly tree: FieldTree
  /** Errors first. */
  readonly findings: readonly Finding[]
}

/** Maps a message without storing anything. */
export function useTester() {
  return useMutation({
    mutationFn: async ({ feed, text }: { readonly feed: string; readonly text: string }) =>
      testedOf(text, await postJson(TesterAnswer, '/api/v1/interop/tester', { feed, text })),
    networkMode: 'always',
  })
}

export function testedOf(text: string, { resources, errors, warnings }: Answer): Tested {
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
  const source = {
    segments,
    resources: named.map(({ reference, action }) => ({ reference, action })),
    trace: named.flatMap(({ rows }) => rows),
  }
  const wrong = errors.flatMap(({ at }) => at ?? [])
  return { tree: fieldTree(source, wrong), findings: findingsOf(errors, warnings) }
}
