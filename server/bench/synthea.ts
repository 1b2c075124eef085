import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { loadDefinitions } from '../src/fhir/load-definitions.ts'
import type { JsonObject } from '../src/kernel/json.ts'
import { type FreshHub, withFreshHub } from './hub-process.ts'
import { run } from './load.ts'
import { requestOf } from './samples.ts'
import { median, note, type Row } from './sides.ts'

const FOLDERS = ['synthea-2021-blaze', 'synthea-2019-smart']
const AT_ONCE = 4
const SETTLE_MS = 3000
const SINGLE_SECONDS = 3
const ISSUES_MOST = 50
/** Synthea's own. */
const INDENT = 2

interface Bundle {
  readonly text: string
  readonly resources: readonly JsonObject[]
}

/** The Synthea bundles of a corpus folder, those that others refer to first; none when the folder is not there. */
export function syntheaBundles(corpus: string, most: number): readonly Bundle[] {
  return FOLDERS.map((folder) => join(corpus, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => filesOf(folder).slice(0, most))
    .map((path) => {
      const text = readFileSync(path, 'utf8')
      const { entry = [] } = JSON.parse(text) as { entry?: readonly { resource: JsonObject }[] }
      return { text, resources: entry.map(({ resource }) => resource) }
    })
}

function filesOf(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return files.toSorted().map((name) => join(folder, name))
}

interface Imported {
  readonly resourceType: string
  readonly identifier?: readonly { value: string }[]
}

interface Import {
  /** Resources a second into an empty hub that has just started. */
  readonly first: number
  /** The same resources once more, of other people: nothing is being compiled any more, as in all other rows. */
  readonly again: number
  /** Some of what was imported, one by one over 16 connections, laid out as in its Bundle. */
  readonly single: number
  /** The same without layout. */
  readonly compact: number
  /** Bytes on disk of each resource behind the first import. */
  readonly bytesEach: number
}

/** @param small rate of single creates of small Observations over 16 connections, what the import is compared with, too */
export async function importRows(bundles: readonly Bundle[], rounds: number, small: number): Promise<Row[]> {
  const count = bundles.reduce((sum, { resources }) => sum + resources.length, 0)
  const made: Import[] = []
  for (let round = 0; round < rounds; round += 1) {
    const result = await withFreshHub((hub) => importTwice(hub, bundles))
    note({ what: 'Synthea import', ...result })
    made.push(result)
  }
  const of = (name: keyof Import) => median(made.map((result) => result[name]))
  const row = (what: string, rate: number, beside: number): Row => ({
    what: `Synthea import of ${String(count)} resources, ${what}`,
    hub: `${rate.toFixed(0)}/s`,
    bare: `${beside.toFixed(0)}/s`,
    ratio: (rate / beside).toFixed(2),
    wanted: '1.5',
  })
  return [
    row('beside single creates of the same', of('again'), of('single')),
    row('beside single creates of the same without layout', of('again'), of('compact')),
    row('beside single creates of small Observations', of('again'), small),
    row('into a hub that has just started, beside these', of('first'), small),
    {
      what: 'disk for a resource, Synthea mix, all files (at most)',
      hub: `${(of('bytesEach') / 1000).toFixed(2)} kB`,
      bare: '-',
      ratio: '-',
      wanted: '2.5 kB',
    },
  ]
}

async function importTwice(hub: FreshHub, bundles: readonly Bundle[]): Promise<Import> {
  const shared = bundles.filter(isShared)
  const own = bundles.filter((bundle) => !isShared(bundle))
  const first = await rateOf(shared, (text) => send(hub, text), own.map(marked('-1')))
  // What is merged and shipped behind the answers counts, too.
  await setTimeout(SETTLE_MS)
  const bytesEach = bytesOf(hub.folder) / bundles.reduce((sum, { resources }) => sum + resources.length, 0)
  const again = await rateOf([], (text) => send(hub, text), own.map(marked('-2')))
  await setTimeout(SETTLE_MS)
  const last = await lastWritten(hub)
  const compact = await singleRate(hub, last, undefined)
  return { first, again, single: await singleRate(hub, last, INDENT), compact, bytesEach }
}

function isShared({ text }: Bundle): boolean {
  return text.includes('"ifNoneExist"')
}

function send(hub: FreshHub, text: string): Promise<string> {
  return hub.ask('/fhir', { method: 'POST', body: text })
}

/** Resources a second: those that the others refer to one after the other, then the others, some at once. */
async function rateOf(
  before: readonly Bundle[],
  post: (text: string) => Promise<unknown>,
  bundles: readonly Bundle[],
): Promise<number> {
  const from = performance.now()
  for (const { text } of before) await post(text)
  const rest = bundles.values()
  const feed = async (): Promise<void> => {
    for (const { text } of rest) await post(text)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, feed))
  const count = [...before, ...bundles].reduce((sum, { resources }) => sum + resources.length, 0)
  return count / ((performance.now() - from) / 1000)
}

const WITH_NUMBERS = new Set(['Patient', 'Organization', 'Practitioner'])

/** The same bundle with other numbers of persons and organizations: no number is given twice, and those that are shared stay the only ones. */
function marked(mark: string): (bundle: Bundle) => Bundle {
  return ({ text, resources }) => {
    const changed = JSON.parse(text) as { entry: { resource: Imported }[] }
    for (const { resource } of changed.entry) {
      if (WITH_NUMBERS.has(resource.resourceType))
        for (const number of resource.identifier ?? []) number.value += mark
    }
    return { text: JSON.stringify(changed, undefined, INDENT), resources }
  }
}

/** Without persons, whose numbers are taken. */
async function lastWritten(hub: FreshHub): Promise<readonly Imported[]> {
  const { entry } = JSON.parse(await hub.ask('/fhir/_history?_count=1000')) as {
    entry: { resource: Imported }[]
  }
  return entry.map(({ resource }) => resource).filter(({ resourceType }) => !WITH_NUMBERS.has(resourceType))
}

async function singleRate(
  hub: FreshHub,
  resources: readonly Imported[],
  indent: number | undefined,
): Promise<number> {
  const requests = resources.map((resource) => {
    const body = JSON.stringify({ ...resource, id: undefined, meta: undefined }, undefined, indent)
    return requestOf(`/fhir/${resource.resourceType}`, { token: hub.token, method: 'POST', body })
  })
  const result = await run({
    port: hub.port,
    connections: 16,
    seconds: SINGLE_SECONDS,
    request: (index) => requests[index % requests.length] ?? '',
  })
  return result.perSecond
}

function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.blocks * 512 : 0), 0)
}

/** Validation alone, one core, beside `JSON.parse` of the same texts. */
export async function validationRow(bundles: readonly Bundle[], rounds: number): Promise<Row> {
  const definitions = loadDefinitions()
  const resources = bundles.flatMap((bundle) => bundle.resources)
  const texts = resources.map((resource) => JSON.stringify(resource))
  const modules = await Promise.all(
    resources.map(async ({ resourceType: type }) => definitions.load(typeof type === 'string' ? type : '')),
  )
  const validate = () => {
    for (const [index, resource] of resources.entries()) modules[index]?.validate(resource, ISSUES_MOST)
  }
  const parse = () => {
    for (const text of texts) JSON.parse(text)
  }
  validate()
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    ours.push(perSecond(validate, texts.length))
    theirs.push(perSecond(parse, texts.length))
    note({ what: 'validation alone', perSecond: ours.at(-1), parsePerSecond: theirs.at(-1) })
  }
  return {
    what: 'validation alone, Synthea mix, beside JSON.parse',
    hub: `${median(ours).toFixed(0)}/s`,
    bare: `${median(theirs).toFixed(0)}/s`,
    ratio: (median(ours) / median(theirs)).toFixed(2),
    wanted: '0.7',
  }
}

function perSecond(work: () => void, count: number): number {
  const from = performance.now()
  work()
  return count / ((performance.now() - from) / 1000)
}
