import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { parse } from 'yaml'

import { parseMessage } from '../message/parse-message.ts'
import type { Mapper } from './mapper.ts'
import type { Mapped } from './model/image.ts'
import { outboundProblems } from './outbound-cases.ts'

/** What `expect.yaml` of a case may say. Paths begin with the key of an image: `patient.name[0].family`. */
interface Expectation {
  readonly feed?: string
  readonly images?: readonly string[]
  readonly equals?: Readonly<Record<string, unknown>>
  /** Digits of decimals as they must appear in JSON. */
  readonly digits?: Readonly<Record<string, string>>
  readonly absent?: readonly string[]
  /** `<kind> <image> <image> <images>` of each effect. */
  readonly effects?: readonly string[]
  readonly partitions?: readonly string[]
  /** `<kind> <position>`, all of them, in order. */
  readonly warnings?: readonly string[]
}

export interface CaseResult {
  readonly name: string
  readonly problems: readonly string[]
}

/** Runs every case of a `tests/` folder. */
export async function runCases(folder: string, mapper: Mapper): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    if ((await readdir(join(folder, name))).includes('change.yaml')) {
      results.push({ name, problems: await outboundProblems(join(folder, name), mapper.outbound) })
      continue
    }
    const text = await readFile(join(folder, name, 'in.hl7'), 'utf8')
    const expected = parse(await readFile(join(folder, name, 'expect.yaml'), 'utf8')) as Expectation
    const mapped = mapper.map(parseMessage(text), expected.feed ?? 'default')
    results.push({ name, problems: problemsOf(mapped, expected) })
  }
  return results
}

function problemsOf(mapped: Mapped, expected: Expectation): string[] {
  const { images, equals = {}, digits = {}, absent = [], effects, partitions, warnings } = expected
  const keys = mapped.images.map(({ key }) => key)
  const told = mapped.warnings.map(({ kind, at }) => `${kind} ${at}`)
  const meant = (mapped.effects ?? []).map(({ kind, image, into, of = [] }) =>
    [kind, image, into, ...of].filter((part) => part !== undefined).join(' '),
  )
  return [
    ...(effects === undefined ? [] : difference('effects', meant, effects)),
    ...(partitions === undefined ? [] : difference('partitions', mapped.partitions, partitions)),
    ...(images === undefined ? [] : difference('images', keys, images)),
    ...Object.entries(equals).flatMap(([path, value]) => difference(path, valueAt(mapped, path), value)),
    ...Object.entries(digits).flatMap(([path, text]) => difference(path, digitsAt(mapped, path), text)),
    ...absent.flatMap((path) => difference(path, valueAt(mapped, path), undefined)),
    ...(warnings === undefined ? [] : difference('warnings', told, warnings)),
  ]
}

function difference(path: string, found: unknown, wanted: unknown): string[] {
  return isDeepStrictEqual(found, wanted)
    ? []
    : [`${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`]
}

function split(path: string): readonly [string, string] {
  const dot = path.indexOf('.')
  return [path.slice(0, dot), path.slice(dot + 1)]
}

function valueAt({ images }: Mapped, path: string): unknown {
  const [key, element] = split(path)
  let found: unknown = images.find((image) => image.key === key)?.resource
  for (const step of element.match(/[^.[\]]+/g) ?? []) {
    found = typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[step] : undefined
  }
  return found
}

function digitsAt(mapped: Mapped, path: string): string {
  const [key, element] = split(path)
  const literal = mapped.images.find((image) => image.key === key)?.literals?.get(element)
  return literal ?? String(valueAt(mapped, path))
}
