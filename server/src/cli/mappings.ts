import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { loadDefinitions } from '../fhir/load-definitions.ts'
import { readFeeds } from '../hl7/journal/feed.ts'
import { runCases } from '../hl7/mapping/cases.ts'
import { countCoverage, type FieldCoverage } from '../hl7/mapping/coverage.ts'
import { createMapper, type Mapper } from '../hl7/mapping/mapper.ts'
import type { Mapped } from '../hl7/mapping/model/image.ts'
import { loadRules, RulesError } from '../hl7/mapping/rules/load.ts'
import { outboundTypeProblems } from '../hl7/mapping/sent/sent-types.ts'
import type { Message } from '../hl7/message/message.ts'
import { parseMessage } from '../hl7/message/parse-message.ts'
import { refuseUnknown } from '../hl7/outbound/create-outbound.ts'
import { loadDestinations } from '../hl7/outbound/destination.ts'
import { portProblems } from '../hl7/settings/follow-settings.ts'
import { Fault } from '../kernel/fault.ts'
import { compareWithGuide } from './guide-rows.ts'

const USAGE =
  'npm run mappings -- check | test | explain <file> [feed] | coverage <folder> [feed] | guide <folder>'
/** As the hub finds it. */
const FOLDER = process.env['HUB_MAPPINGS'] ?? fileURLToPath(new URL('../../../mappings/', import.meta.url))
/** Words that a command takes. */
const WORDS: Readonly<Record<string, number>> = { check: 0, test: 0, explain: 2, coverage: 2, guide: 1 }

/** What each command says; a command that finds a problem makes the exit code 1. */
const COMMANDS: Readonly<Record<string, (mapper: Mapper, args: readonly string[]) => Promise<string>>> = {
  check: async (mapper) => {
    const taken = portProblems(readFeeds(mapper.feeds).values())
    if (taken.length > 0) throw new RulesError(taken)
    for (const destination of await loadDestinations(FOLDER)) refuseUnknown(mapper.outbound, destination)
    const sets = [[], ...(await loadRules(FOLDER)).overlays.map((overlay) => [overlay])]
    const definitions = loadDefinitions()
    const problems = await Promise.all(
      sets.map(async (overlays) => outboundTypeProblems(mapper.outbound.laidOver(overlays), definitions)),
    )
    if (problems.flat().length > 0) throw new RulesError([...new Set(problems.flat())])
    return `The rules are sound, version ${mapper.rules}.\n`
  },
  test: async (mapper) => {
    const results = await runCases(join(FOLDER, 'tests'), mapper)
    const failed = results.filter(({ problems }) => problems.length > 0)
    if (failed.length > 0) process.exitCode = 1
    const lines = failed.flatMap(({ name, problems }) => [
      `${name}:`,
      ...problems.map((problem) => `  ${problem}`),
    ])
    return [...lines, `${results.length - failed.length} passed, ${failed.length} failed`, ''].join('\n')
  },
  explain: async (mapper, [file, feed = 'default']) => {
    if (file === undefined) return `${USAGE}\n`
    const { images, warnings } = mapper.map(parseMessage(await readFile(file, 'utf8')), feed)
    const lines: string[] = []
    for (const { key, own, resource, trace } of images) {
      lines.push(`# ${key} (${own})`, JSON.stringify(resource, undefined, 2))
      for (const { element, source, rule } of trace) lines.push(`${source.padEnd(16)} ${element}  (${rule})`)
    }
    for (const { kind, at, text } of warnings) lines.push(`! ${kind} ${at}: ${text}`)
    return `${lines.join('\n')}\n`
  },
  coverage: async (mapper, [folder, feed = 'default']) => {
    if (folder === undefined) return `${USAGE}\n`
    const counts = new Map<string, number>()
    const coverage = countCoverage()
    for (const file of globSync('**/*.hl7', { cwd: folder })) {
      const message = parsedOrNone(await readFile(join(folder, file), 'utf8'))
      if (message === undefined) continue
      const { mapped, said } = readingOf(mapper, message, feed)
      coverage.add(`${message.get('MSH-9')}^${message.get('MSH-9.2')}`, message, mapped)
      for (const what of said) counts.set(what, (counts.get(what) ?? 0) + 1)
    }
    const lines = [...counts].toSorted(([, a], [, b]) => b - a).map(([what, count]) => `${count} ${what}`)
    return `${[...coverageLines(coverage.byType()), '', ...lines].join('\n')}\n`
  },
  guide: async (_, [folder]) => {
    if (folder === undefined) return `${USAGE}\n`
    const rows = await compareWithGuide(folder, FOLDER)
    const missing = rows.filter(({ state }) => state === 'missing')
    const count = (wanted: string) => rows.filter(({ state }) => state === wanted).length
    const lines = missing.map(({ map, field, attribute }) => `${map} ${field} ${attribute}`)
    const sum = `${count('met')} met, ${count('elsewhere')} into another element, ${missing.length} read by no rule`
    return [...lines, sum, ''].join('\n')
  },
}

function parsedOrNone(text: string): Message | undefined {
  try {
    return parseMessage(text)
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

const HEAD = ['type', 'messages', 'refused', 'fields', 'mapped', 'left out', 'unread']

/** One line a message type and one for all: shares of the fields that are filled. */
function coverageLines(types: readonly FieldCoverage[]): readonly string[] {
  const sum = (of: (one: FieldCoverage) => number) => types.reduce((total, one) => total + of(one), 0)
  const all: FieldCoverage = {
    type: 'all',
    messages: sum(({ messages }) => messages),
    refused: sum(({ refused }) => refused),
    fields: sum(({ fields }) => fields),
    mapped: sum(({ mapped }) => mapped),
    unread: sum(({ unread }) => unread),
  }
  const rows = [...types, all].map(({ type, messages, refused, fields, mapped, unread }) => {
    const share = (part: number) => (fields === 0 ? '-' : `${Math.round((100 * part) / fields)} %`)
    return [type, messages, refused, fields, share(mapped), share(fields - mapped - unread), share(unread)]
  })
  return [HEAD, ...rows].map((cells) =>
    cells.map((cell, at) => (at === 0 ? String(cell).padEnd(10) : String(cell).padStart(9))).join(''),
  )
}

interface Reading {
  readonly mapped?: Mapped
  /** `mapped`, or why not; and each field and code that no rule reads. */
  readonly said: readonly string[]
}

function readingOf(mapper: Mapper, message: Message, feed: string): Reading {
  try {
    const mapped = mapper.map(message, feed)
    const unread = mapped.warnings.map(({ kind, at, text: said }) =>
      kind === 'unmapped-code' ? `${kind} ${at}: ${said}` : `${kind} ${at}`,
    )
    return { mapped, said: ['mapped', ...unread.map((one) => one.replaceAll(/\[\d+\]/g, ''))] }
  } catch (error) {
    if (error instanceof Fault) return { said: [`refused ${error.issues[0]?.at ?? ''}: ${error.message}`] }
    throw error
  }
}

/** @throws what is no problem of the rules, the message or the path that was given */
function problemOf(error: unknown): string {
  if (error instanceof Fault) return [error.issues[0]?.at, error.message].filter(Boolean).join(': ')
  if (error instanceof RulesError) return error.message
  if (error instanceof Error && 'code' in error && 'path' in error)
    return `${String(error.path)} cannot be read (${String(error.code)})`
  throw error
}

const [name = '', ...args] = process.argv.slice(2)
const command = COMMANDS[name]
// A word that nobody reads may be a folder that somebody wants checked.
if (command === undefined || args.length > (WORDS[name] ?? 0)) {
  process.stderr.write(`${USAGE}\n`)
  process.exitCode = 64
} else {
  try {
    const mapper = await createMapper(FOLDER, [], () => loadDefinitions().elements())
    process.stdout.write(await command(mapper, args))
  } catch (error) {
    process.stderr.write(`${problemOf(error)}\n`)
    process.exitCode = 1
  }
}
