import { Fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Conditions, Method } from '../calls/call.ts'
import { parseInTurns, parseObject } from '../json/parse.ts'
import { plainText } from '../json/plain-text.hot.ts'
import type { Place } from '../json/plain-text.hot.ts'
import type { Pair } from '../search/request.ts'

/** One entry of a batch or transaction, checked and with its exact resource text. */
export interface Entry {
  readonly index: number
  readonly fullUrl?: string
  readonly method: Method
  readonly path: readonly string[]
  /** Query string of the request's address, undecoded. */
  readonly queryText: string
  readonly query: readonly Pair[]
  readonly conditions: Conditions
  /** The entry as it came. */
  readonly item: Buffer
  /** Where its resource stands. It is parsed when its turn comes: all of a Bundle at once would be ten times its text. */
  readonly place?: Place
  /** `Bundle.entry[2]`. */
  readonly at: string
}

/** The resource of an entry. @throws Fault `malformed` when it is no JSON */
export function contentOf(entry: Entry): Soon<{ text: string; resource?: JsonObject }> {
  const { place } = entry
  return place === undefined ? { text: '' } : parsedOf(entry, plainText(place))
}

/**
 * Parses what was made of an entry's resource.
 *
 * @param text without layout
 * @throws Fault `malformed` that tells where it is in the entry
 */
export function parsedOf(
  entry: Pick<Entry, 'item'>,
  text: string,
): Soon<{ text: string; resource: JsonObject }> {
  const told = (error: unknown): never => {
    throw error instanceof Fault ? ofEntry(flawOf(entry) ?? error) : error
  }
  try {
    const parsing = parseInTurns(text)
    return parsing instanceof Promise
      ? parsing.then((resource) => ({ text, resource }), told)
      : { text, resource: parsing }
  } catch (error) {
    return told(error)
  }
}

/** What is wrong with an entry as its sender wrote it. */
function flawOf({ item }: Pick<Entry, 'item'>): Fault | undefined {
  try {
    parseObject(item.toString('utf8'))
    return undefined
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

/** Lines were counted from the beginning of the entry, not from that of the body. */
export function ofEntry({ kind, issues }: Fault): Fault {
  return new Fault(
    kind,
    issues.map(({ line, column: _column, text, ...issue }) => ({
      ...issue,
      text: line === undefined ? text : `${text} of the entry`,
    })),
  )
}

/** The same fault with a place for the issues that have none of their own. */
export function placed({ kind, issues }: Fault, at: string): Fault {
  return new Fault(
    kind,
    issues.map((issue) => ({ at, ...issue })),
  )
}

/** What an entry makes; its faults get the place of the entry where they have none. */
export function placedIn<Value>({ at }: Pick<Entry, 'at'>, make: () => Soon<Value>): Soon<Value> {
  const told = (error: unknown): never => {
    throw error instanceof Fault ? placed(error, at) : error
  }
  try {
    const made = make()
    return made instanceof Promise ? made.catch(told) : made
  } catch (error) {
    return told(error)
  }
}
