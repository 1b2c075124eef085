import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import { loadDefinitions } from '../src/fhir/load-definitions.ts'
import type { JsonObject } from '../src/kernel/json.ts'
import { type FreshHub, withFreshHub } from './hub-process.ts'
import { median, note, type Row } from './sides.ts'

const FOLDERS = ['synthea-2021-blaze', 'synthea-2019-smart']
const AT_ONCE = 4
const SETTLE_MS = 3000
const ISSUES_MOST = 50

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

/** @param single rate of single creates over 16 connections, what the import is compared with */
export async function importRows(bundles: readonly Bundle[], rounds: number, single: number): Promise<Row[]> {
  const count = bundles.reduce((sum, { resources }) => sum + resources.length, 0)
  const rates: number[] = []
  const sizes: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await withFreshHub(async (hub) => {
      const from = performance.now()
      await imported(hub, bundles)
      rates.push(count / ((performance.now() - from) / 1000))
      // What is merged and shipped behind the answers counts, too.
      await setTimeout(SETTLE_MS)
      sizes.push(bytesOf(hub.folder) / count)
      note({ what: 'Synthea import', perSecond: rates.at(-1), bytesEach: sizes.at(-1) })
    })
  }
  return [
    {
      what: `Synthea import of ${String(count)} resources, beside single creates`,
      hub: `${median(rates).toFixed(0)}/s`,
      bare: `${single.toFixed(0)}/s`,
      ratio: (median(rates) / single).toFixed(2),
      wanted: '1.5',
    },
    {
      what: 'disk for a resource, Synthea mix, all files (at most)',
      hub: `${(median(sizes) / 1000).toFixed(2)} kB`,
      bare: '-',
      ratio: '-',
      wanted: '2.5 kB',
    },
  ]
}

async function imported(hub: FreshHub, bundles: readonly Bundle[]): Promise<void> {
  const send = (text: string) => hub.ask('/fhir', { method: 'POST', body: text })
  const shared = bundles.filter(({ text }) => text.includes('"ifNoneExist"'))
  for (const { text } of shared) await send(text)
  const own = bundles.filter((bundle) => !shared.includes(bundle)).values()
  const feed = async (): Promise<void> => {
    for (const { text } of own) await send(text)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, feed))
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
