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

/** Something that the hub found in a message: what stopped it, or what it passed over. */
export interface Finding {
  readonly kind: 'error' | 'warning'
  readonly at?: string | undefined
  readonly text: string
}

/** Errors first; the same finding at the same place counts once. */
export function findingsOf(
  errors: readonly Omit<Finding, 'kind'>[],
  warnings: readonly Omit<Finding, 'kind'>[],
): readonly Finding[] {
  return [...once('error', errors), ...once('warning', warnings)]
}

function once(kind: Finding['kind'], found: readonly Omit<Finding, 'kind'>[]): Iterable<Finding> {
  return new Map(found.map(({ at, text }) => [`${at} ${text}`, { kind, at, text }])).values()
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

/** @param missing positions that are wrong: where their segment has no such field, an empty one is shown */
export function fieldTree(
  { segments, resources, trace }: Source,
  missing: readonly string[] = [],
): FieldTree {
  const positions = new Set(segments.flatMap(({ fields }) => fields.map(({ position }) => position)))
  const elements = trace.map((row) => ({ ...row, field: fieldHolding(row.source, positions) }))
  const used = new Set(elements.map(({ field }) => field))
  return {
    segments: withMissing(segments, missing).map(({ label, fields }) => ({
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

function withMissing(segments: Source['segments'], missing: readonly string[]): Source['segments'] {
  return segments.map(({ label, fields }) => {
    const positions = new Set(fields.map(({ position }) => position))
    const wanted = missing
      .filter((at) => segmentOf(at) === label && fieldHolding(at, positions) === undefined)
      .map((at) => ({ position: /^.+?-\d+/.exec(at)?.[0] ?? at, text: '' }))
    const all = [...fields, ...wanted].toSorted((a, b) => numberOf(a.position) - numberOf(b.position))
    return { label, fields: wanted.length === 0 ? fields : all }
  })
}

/** `PID` of `PID-5[1].1`; empty for what is no field. */
function segmentOf(position: string): string {
  return /^(.+?)(?:\[1\])?-\d/.exec(position)?.[1] ?? ''
}

function numberOf(position: string): number {
  return Number(/-(\d+)/.exec(position)?.[1])
}
