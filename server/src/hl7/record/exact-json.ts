import { createHash } from 'node:crypto'

import type { JsonObject, JsonValue } from '../../kernel/json.ts'

/** A number whose digits a double would not keep, as the engine writes it back: part of Node 24, not yet of TypeScript's library. */
interface RawJson {
  readonly rawJSON: string
}

interface EngineJson {
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
}

const engine = JSON as unknown as EngineJson

/**
 * Parses a resource so that `JSON.stringify` gives back every digit: decimals such as `7.10` become leaves of their own.
 * They are told apart from objects by `isLeaf` and compared by their digits.
 */
export function parseExact(text: string): JsonObject {
  if (isPlain(text)) return JSON.parse(text) as JsonObject
  return engine.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source
      ? engine.rawJSON(source)
      : value,
  ) as JsonObject
}

/** Zeros at the end, exponents, more digits than a double has, `-0`. What only looks so, inside a text, costs time and nothing else. */
const SPECIAL = /[:[,]\s*-?(?:\d+\.\d*0(?!\d)|\d[\d.]{15}|[\d.]+[eE]|0\.0{6})|[:[,]\s*-0(?![\d.])/

/** No number of the text loses a digit when it becomes a double: nothing in it needs a leaf of its own. */
export function isPlain(text: string): boolean {
  return !SPECIAL.test(text)
}

/** The leaf for a number that is written with these digits. */
export function exactNumber(digits: string): JsonValue {
  const value = Number(digits)
  return String(value) === digits ? value : (engine.rawJSON(digits) as unknown as JsonValue)
}

export function isLeaf(value: JsonValue): boolean {
  return typeof value !== 'object' || value === null || engine.isRawJSON(value)
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

export function isElements(value: JsonValue | undefined): value is JsonObject {
  return value !== undefined && !isLeaf(value) && !isList(value)
}

/** Equal in every element and digit; the order of members does not matter. */
export function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, at) => isSame(item, b[at]))
  if (isElements(a) && isElements(b)) {
    const names = Object.keys(a)
    return names.length === Object.keys(b).length && names.every((name) => isSame(a[name], b[name]))
  }
  return engine.isRawJSON(a) && engine.isRawJSON(b) && a.rawJSON === b.rawJSON
}

/** Every primitive with its path: `name[0].family`. */
export function leavesOf(value: JsonValue, path = ''): ReadonlyMap<string, JsonValue> {
  const leaves = new Map<string, JsonValue>()
  gather(value, path, leaves)
  return leaves
}

function gather(value: JsonValue, path: string, leaves: Map<string, JsonValue>): void {
  if (isList(value)) value.forEach((item, at) => gather(item, `${path}[${String(at)}]`, leaves))
  else if (isElements(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) gather(member, path === '' ? name : `${path}.${name}`, leaves)
    }
  } else leaves.set(path, value)
}

const LONG_TEXT = 16 * 1024
const MARK = '\u0000sha256:'

/**
 * Long texts (documents in base64) exchanged for their hash, so that what a feed said can be kept and compared without keeping them again.
 *
 * @param vault takes the texts by their mark, for `withLongTexts`.
 */
export function withoutLongTexts(value: JsonObject, vault: Map<string, string>): JsonObject {
  return mapTexts(value, (text) => shortText(text, vault))
}

/** A text, or the mark by which the vault has it when it is long. */
export function shortText(text: string, vault: Map<string, string>): string {
  if (text.length < LONG_TEXT) return text
  const mark = MARK + createHash('sha256').update(text).digest('base64url')
  vault.set(mark, text)
  return mark
}

/** A stored resource as it can be compared: with every digit, long texts by their marks. */
export function comparable(text: string, vault: Map<string, string>): JsonObject {
  const exact = parseExact(text)
  return text.length < LONG_TEXT ? exact : withoutLongTexts(exact, vault)
}

export function withLongTexts(value: JsonObject, vault: ReadonlyMap<string, string>): JsonObject {
  return vault.size === 0 ? value : mapTexts(value, (text) => vault.get(text) ?? text)
}

function mapTexts(value: JsonObject, change: (text: string) => string): JsonObject {
  const visit = (node: JsonValue): JsonValue => {
    if (typeof node === 'string') return change(node)
    if (isList(node)) return node.map(visit)
    return isElements(node) ? members(node) : node
  }
  const members = (node: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(node).flatMap(([name, member]) => (member === undefined ? [] : [[name, visit(member)]])),
    )
  return members(value)
}
