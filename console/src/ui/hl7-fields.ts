import { useQuery } from '@tanstack/react-query'
import { z } from 'zod'

import { getAsset } from '../api/transport.ts'
import fileOfNames from './hl7-fields.json?url'

/** Names of the fields of v2.5.1 in our own words, by segment, in the order of their numbers. */
const Names = z.record(z.string(), z.string())

export type FieldName = (position: string) => string

const NONE: Readonly<Record<string, string>> = {}

/** The name of a field (`Patient name` for `PID-5`), as soon as the table of names is there; empty where the standard has none (Z segments). */
export function useFieldNames(): FieldName {
  const { data = NONE } = useQuery({
    queryKey: ['hl7-fields'],
    queryFn: () => getAsset(Names, fileOfNames),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  })
  return (position) => fieldName(data, position)
}

const POSITION = /^([A-Z][A-Z\d]{2})(?:\[\d+\])?-(\d+)/

export function fieldName(names: Readonly<Record<string, string>>, position: string): string {
  const [, segment = '', number = ''] = POSITION.exec(position) ?? []
  return names[segment]?.split('|')[Number(number) - 1] ?? ''
}

const SOURCE = /^([A-Z][A-Z\d]{2})(\[\d+\])?-(\d+)(\[\d+\])?/

/**
 * The field of the message in which a source position lies.
 *
 * @param source `PID-5[1].1`, `OBX[2]-5`, or `OBX-5` for the first of several.
 * @param positions as the hub lists them, with or without the number of a segment or repetition.
 */
export function fieldHolding(source: string, positions: ReadonlySet<string>): string | undefined {
  const match = SOURCE.exec(source)
  if (match === null) return undefined
  const [, name = '', occurrence = '', field = '', repetition = ''] = match
  const bare = occurrence === '' ? [`${name}[1]`] : occurrence === '[1]' ? [name] : []
  const segments = [`${name}${occurrence}`, ...bare]
  const candidates = segments.flatMap((segment) => [
    `${segment}-${field}${repetition}`,
    `${segment}-${field}`,
  ])
  return candidates.find((candidate) => positions.has(candidate))
}

/** The same for a finding, which may name a whole segment: that leads to the segment. */
export function foundAt(at: string, positions: ReadonlySet<string>): string | undefined {
  const field = fieldHolding(at, positions)
  if (field !== undefined) return field
  return [...positions].some((position) => position.startsWith(`${at}-`)) ? at : undefined
}

export interface Part {
  /** `PID-3[2].4`. */
  readonly position: string
  readonly text: string
}

/** The repetitions and components of a field with text; empty when it has only one. Delimiters are those that nearly all senders use. */
export function partsOf(position: string, text: string): readonly Part[] {
  if (position.endsWith('MSH-2')) return []
  const repetitions = text.split('~')
  const parts = repetitions.flatMap((repetition, index) => {
    const at = repetitions.length > 1 ? `${position}[${index + 1}]` : position
    const components = repetition.split('^')
    return components.map((component, place) => ({
      position: components.length > 1 ? `${at}.${place + 1}` : at,
      text: component,
    }))
  })
  return parts.length > 1 ? parts.filter((part) => part.text !== '') : []
}
