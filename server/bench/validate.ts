import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { TypeModule } from '../src/fhir/definitions.ts'
import { elementsOf, memberText } from '../src/fhir/json/members.ts'
import { loadDefinitions } from '../src/fhir/load-definitions.ts'
import type { JsonObject } from '../src/kernel/json.ts'

// Validation alone beside JSON.parse of the same text, on one core: `node server/bench/validate.ts [corpus folder]`.
const CORPUS = process.argv[2] ?? join(import.meta.dirname, '../../../shared/corpus/fhir')
const FOLDERS = ['synthea-2019-smart', 'synthea-2021-blaze']
const WARM_UP = 10
const ROUNDS = 3

interface Sample {
  readonly text: string
  readonly resource: JsonObject
  readonly module: TypeModule
}

const samples: Sample[] = []
const definitions = loadDefinitions()
for (const file of FOLDERS.flatMap(bundles)) {
  for (const entry of elementsOf(memberText(readFileSync(file, 'utf8'), 'entry') ?? '[]')) {
    const text = memberText(entry, 'resource') ?? '{}'
    const resource = JSON.parse(text) as JsonObject
    const module = await definitions.load(memberText(text, 'resourceType')?.slice(1, -1) ?? '')
    if (module) samples.push({ text, resource, module })
  }
}
if (samples.length === 0) throw new Error(`no Synthea bundles in ${CORPUS}`)

const parse: number[] = []
const validate: number[] = []
let invalid = 0
for (let round = -WARM_UP; round < ROUNDS; round++) {
  const parsing = cpuMs(() => samples.forEach(({ text }) => JSON.parse(text) as unknown))
  invalid = 0
  const validating = cpuMs(() => {
    for (const { resource, text, module } of samples)
      if (module.validate(resource, 50, { text }).some(({ severity }) => severity === 'error')) invalid++
  })
  if (round < 0) continue
  parse.push(parsing)
  validate.push(validating)
}

const report = {
  resources: samples.length,
  characters: samples.reduce((sum, { text }) => sum + text.length, 0),
  invalid,
  parsePerSecond: rate(median(parse)),
  validatePerSecond: rate(median(validate)),
  ratio: Math.round((median(parse) / median(validate)) * 100) / 100,
}
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)

function bundles(folder: string): readonly string[] {
  const path = join(CORPUS, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(path, name))
}

function cpuMs(work: () => void): number {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function rate(ms: number): number {
  return Math.round((samples.length / ms) * 1000)
}
