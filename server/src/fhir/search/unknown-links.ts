import type { Fault, Issue } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Definitions, TypeModule } from '../definitions.ts'
import { noSource, unknownChain } from './chains.ts'
import { filterOf } from './parse-filter.ts'
import type { Filter, Handling, Pair } from './request.ts'
import { UnknownParameter } from './unknown-parameter.ts'

interface Known {
  readonly pairs: readonly Pair[]
  readonly warnings: readonly Issue[]
}

interface Asked {
  readonly module: TypeModule
  readonly pairs: readonly Pair[]
  readonly handling: Handling
}

/** Leaves out, for a lenient caller, the chains and `_has` that lead to a parameter which is unknown where they lead. */
export function withoutUnknownLinks(definitions: Definitions, asked: Asked): Soon<Known> {
  const { pairs, handling } = asked
  const links = handling === 'strict' ? [] : pairs.filter(([name, value]) => value !== '' && LINK.test(name))
  return links.length === 0 ? { pairs, warnings: [] } : known(definitions, asked, links)
}

const LINK = /^_has:|\./

async function known(
  definitions: Definitions,
  { module, pairs }: Asked,
  links: readonly Pair[],
): Promise<Known> {
  const warnings: Issue[] = []
  const unknown = new Set<Pair>()
  for (const pair of links) {
    const found = await new Links(definitions).unknownIn(module, pair, 0)
    if (!found) continue
    unknown.add(pair)
    for (const { code, text } of found.issues)
      warnings.push({ severity: 'warning', code, text: `"${pair[0].slice(0, 128)}" is left out: ${text}` })
  }
  return { pairs: pairs.filter((pair) => !unknown.has(pair)), warnings }
}

class Links {
  readonly #definitions: Definitions
  /** Several ways may lead to the same type with the same rest. */
  readonly #looked = new Map<string, Fault | undefined>()

  constructor(definitions: Definitions) {
    this.#definitions = definitions
  }

  async unknownIn(module: TypeModule, pair: Pair, depth: number): Promise<Fault | undefined> {
    const key = `${module.type} ${pair[0]}`
    if (depth > limits.fhir.chainDepth || this.#looked.has(key)) return this.#looked.get(key)
    const found = await this.#lookedAt(module, pair, depth)
    this.#looked.set(key, found)
    return found
  }

  async #lookedAt(module: TypeModule, pair: Pair, depth: number): Promise<Fault | undefined> {
    const filter = filterOrUnknown(module, pair)
    if (filter instanceof UnknownParameter) return filter.fault
    if (filter.kind === 'has') return this.#hasUnknown(filter, depth + 1)
    return filter.kind === 'chain' ? this.#chainUnknown(filter, depth + 1) : undefined
  }

  async #hasUnknown(filter: HasFilter, depth: number): Promise<Fault | undefined> {
    const { source, reference, rest } = filter
    const module = await this.#definitions.load(source)
    if (!module) return undefined
    const isKnown = module.params.some(({ code, type }) => code === reference && type === 'reference')
    return isKnown ? this.unknownIn(module, rest, depth) : noSource(filter)
  }

  async #chainUnknown(filter: ChainFilter, depth: number): Promise<Fault | undefined> {
    const { targets, rest } = filter
    let missing = 0
    for (const target of targets) {
      const module = await this.#definitions.load(target)
      if (!module) return undefined
      // One target is enough that has the parameter; what is unknown further on is so for all of them.
      const isMissing = filterOrUnknown(module, rest) instanceof UnknownParameter
      const found = await this.unknownIn(module, rest, depth)
      if (found && (!isMissing || targets.length === 1)) return found
      if (isMissing) missing += 1
    }
    return targets.length > 0 && missing === targets.length ? unknownChain(filter) : undefined
  }
}

type ChainFilter = Extract<Filter, { kind: 'chain' }>
type HasFilter = Extract<Filter, { kind: 'has' }>

function filterOrUnknown(module: TypeModule, pair: Pair): Filter | UnknownParameter {
  try {
    return filterOf(module, pair)
  } catch (error) {
    if (error instanceof UnknownParameter) return error
    throw error
  }
}
