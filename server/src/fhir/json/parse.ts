import { setImmediate } from 'node:timers/promises'

import { fault } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { Soon } from '../../kernel/soon.ts'
import { placeAt } from './locate.ts'
import { endOfString, stringAt } from './walk.hot.ts'

/**
 * Parses the text of one JSON object.
 *
 * @throws Fault `malformed` for what is no JSON object, for duplicate names, for `__proto__` and for nesting over `limits.fhir.nesting`.
 */
export function parseObject(text: string): JsonObject {
  return objectIn(parseJson(text))
}

/** The same in several turns of the event loop where the text is long; the longest of them is that of `JSON.parse`. */
export function parseInTurns(text: string): Soon<JsonObject> {
  return text.length > limits.fhir.turnChars ? inTurns(text) : parseObject(text)
}

async function inTurns(text: string): Promise<JsonObject> {
  // Who has made the text has had a turn of his own.
  await setImmediate()
  const value = readJson(text)
  const search = new FlawSearch(text)
  for (let end = 0; end < text.length;) {
    await setImmediate()
    end += limits.fhir.turnChars
    search.upTo(end)
  }
  await setImmediate()
  checkSurrogates(value, text)
  // Who uses it begins in a turn of its own.
  await setImmediate()
  return objectIn(value)
}

function objectIn(value: JsonValue): JsonObject {
  if (isObject(value)) return value
  throw fault('malformed', {
    code: 'structure',
    text: 'The body must be one JSON object, such as {"resourceType": …}',
  })
}

/** Like `parseObject`, for any JSON value. */
export function parseJson(text: string): JsonValue {
  const value = readJson(text)
  new FlawSearch(text).upTo(text.length)
  checkSurrogates(value, text)
  return value
}

function readJson(text: string): JsonValue {
  if (text.trim() === '')
    throw fault('malformed', { code: 'structure', text: 'The body is empty: send a resource as JSON' })
  try {
    return JSON.parse(text) as JsonValue
  } catch (error) {
    // The engine's own message quotes the text, which may be clinical: only the position is taken from it.
    const position = /position (\d+)/.exec(String(error))?.[1]
    throw flaw('The body is not JSON', text, Number(position ?? text.length))
  }
}

/** @throws Fault `malformed` */
function checkSurrogates(value: JsonValue, text: string): void {
  // Only an escape brings half a character into text that came as UTF-8.
  if (text.includes('\\u') && SURROGATE.test(text))
    checkWellFormed(value, isObject(value) ? (value['resourceType'] ?? null) : null)
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const SURROGATE = /\\u[dD][89a-fA-F]/

/** @throws Fault `malformed` for a string with half of a surrogate pair, which no UTF-8 can hold */
function checkWellFormed(value: JsonValue | undefined, at: JsonValue): void {
  if (Array.isArray(value))
    for (const [i, item] of (value as readonly JsonValue[]).entries())
      checkWellFormed(item, typeof at === 'string' ? `${at}[${String(i)}]` : null)
  else if (isObject(value))
    for (const [name, member] of Object.entries(value))
      checkWellFormed(member, typeof at === 'string' ? `${at}.${name}` : null)
  else if (typeof value === 'string' && !value.isWellFormed())
    throw fault('malformed', {
      code: 'value',
      text: 'A string has half of a surrogate pair (\\ud800 to \\udfff): send both halves',
      ...(typeof at === 'string' ? { at: at.slice(0, 1000) } : {}),
    })
}

/** Looks for what `JSON.parse` lets through and FHIR forbids, a part of the text at a time. */
class FlawSearch {
  readonly #text: string
  readonly #open: (Names | undefined)[] = []
  #expectsName = false
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** @throws Fault `malformed` for the first flaw before the end */
  upTo(end: number): void {
    const text = this.#text
    const open = this.#open
    const last = Math.min(end, text.length)
    let expectsName = this.#expectsName
    let at = this.#at
    for (; at < last; at += 1) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        const behind = endOfString(text, at)
        const wrong = expectsName ? open.at(-1)?.add(stringAt(text, at, behind)) : undefined
        if (wrong !== undefined) throw flaw(wrong, text, at)
        expectsName = false
        at = behind - 1
      } else if (code === COMMA) expectsName = open.at(-1) !== undefined
      else if (code >= OPEN_LIST) {
        expectsName = code === OPEN
        nest(open, code)
        if (open.length > limits.fhir.nesting) {
          throw flaw(`The body is nested deeper than ${String(limits.fhir.nesting)} levels`, text, at)
        }
      }
    }
    this.#expectsName = expectsName
    this.#at = at
  }
}

/** @param at where it is in the body */
function flaw(what: string, body: string, at: number): Error {
  const { line, column } = placeAt(body, at)
  const text = `${what}: line ${String(line)}, column ${String(column)}`
  return fault('malformed', { code: 'structure', text, line, column })
}

/** Objects with their names, lists without; letters of `true`, `false` and `null` pass by. */
function nest(open: (Names | undefined)[], code: number): void {
  if (code === OPEN) open.push(new Names())
  else if (code === OPEN_LIST) open.push(undefined)
  else if (code === CLOSE || code === CLOSE_LIST) open.pop()
}

const QUOTE = 34
const COMMA = 44
const OPEN_LIST = 91
const CLOSE_LIST = 93
const OPEN = 123
const CLOSE = 125
const FEW = 16

/** The names of one object: a list while they are few, a set when somebody sends very many. */
class Names {
  #list: string[] | undefined = []
  #set: Set<string> | undefined

  /** @returns what is wrong with the name */
  add(name: string): string | undefined {
    if (name === '__proto__') return 'The name "__proto__" is not allowed'
    if (this.#list?.includes(name) === true || this.#set?.has(name) === true)
      return `The name "${name.slice(0, 64)}" occurs twice in one object`
    if (this.#list) this.#list.push(name)
    else this.#set?.add(name)
    if (this.#list && this.#list.length > FEW) {
      this.#set = new Set(this.#list)
      this.#list = undefined
    }
    return undefined
  }
}
