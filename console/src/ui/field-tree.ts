import type { MessageDetail } from '@hub/hl7/hl7.contract.ts'
import type { z } from 'zod'

import { fieldHolding } from './hl7-fields.ts'

type Detail = z.infer<typeof MessageDetail>

/** A message that was processed, or one that is only tried out. */
interface Source {
  readonly segments: readonly {
    readonly label: string
    readonly fields: readonly { readonly position: string; readonly text: string }[]
  }[]
  readonly resources: readonly Pick<ResourceView, 'reference' | 'action'>[]
  readonly trace: readonly (Omit<ElementView, 'field'> & { readonly reference: string })[]
}

/** The segments of a message beside the resources that were made of them, with the ways between the two. */
export interface FieldTree {
  readonly segments: readonly SegmentView[]
  readonly resources: readonly ResourceView[]
}

export interface SegmentView {
  readonly label: string
  readonly fields: readonly FieldView[]
}

export interface FieldView {
  /** `PID-5`, `OBX[2]-5`. */
  readonly position: string
  readonly text: string
  /** Whether an element of the record came from it. */
  readonly isUsed: boolean
}

export interface ResourceView {
  readonly reference: string
  readonly action: Detail['resources'][number]['action'] | 'create' | 'update' | 'link'
  readonly elements: readonly ElementView[]
}

export interface ElementView {
  readonly element: string
  /** With component and repetition: `PID-5[1].1`. */
  readonly source: string
  /** Position of the field that holds it; `undefined` when the message does not have the field. */
  readonly field: string | undefined
  readonly rule: string
  /** What stands in the element, where it is known. */
  readonly value?: string | undefined
}

export function fieldTree({ segments, resources, trace }: Source): FieldTree {
  const positions = new Set(segments.flatMap(({ fields }) => fields.map(({ position }) => position)))
  const elements = trace.map((row) => ({ ...row, field: fieldHolding(row.source, positions) }))
  const used = new Set(elements.map(({ field }) => field))
  return {
    segments: segments.map(({ label, fields }) => ({
      label,
      fields: fields.map(({ position, text }) => ({
        position,
        text,
        isUsed: used.has(position),
      })),
    })),
    resources: resources.map(({ reference, action }) => ({
      reference,
      action,
      elements: elements.filter((row) => row.reference === reference),
    })),
  }
}
