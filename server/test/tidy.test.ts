import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SRC = join(ROOT, 'server/src')

/** STYLE section 2: a folder imports itself and what stands left of it. Folders of one row never import each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['kernel'],
  ['store'],
  ['audit'],
  ['auth'],
  ['fhir'],
  ['events'],
  ['hl7', 'devices', 'care'],
  ['config', 'demo'],
  ['app', 'cli'],
]
const RANK = new Map(LAYERS.flatMap((row, rank) => row.map((name) => [name, rank] as const)))
/** Adapters and their client packages: only the composition root and their own folder may import them. */
const ADAPTERS = ['store/mongo', 'store/embedded', 'events/kafka'] as const
const CLIENTS: Readonly<Record<string, string>> = {
  mongodb: 'store/mongo',
  lmdb: 'store/embedded',
  '@platformatic/kafka': 'events/kafka',
  aedes: 'devices',
  mqtt: 'devices',
}
const NAMELESS = /(^|\/)(utils?|helpers?|types|constants|managers?|misc|common|index)(\.|\/)/
/** The composition root; only `main.ts` of it reads the environment. */
const ROOT_FILE = /^(main|app(-[a-z]+)?)\.ts$/

const sources = files(SRC).filter((file) => file.endsWith('.ts'))
const everything = [
  ...sources,
  ...files(join(ROOT, 'server/test')),
  ...files(join(ROOT, 'console/src')),
].filter((file) => /\.tsx?$/.test(file))

it('imports only its own folder and the layers below', () => {
  expect(sources.flatMap((file) => imports(file).flatMap((target) => layerFault(file, target)))).toEqual([])
})

it('has no folders beside each other that import each other in a circle', () => {
  const arrows = sources
    .filter((file) => !isTest(file))
    .flatMap((file) => imports(file).flatMap((target) => roomsOf(file, target)))
  let circle = arrows
  for (let before = -1; before !== circle.length;) {
    before = circle.length
    const [importing, imported] = [0, 1].map((side) => new Set(circle.map((arrow) => arrow[side])))
    circle = circle.filter(([from, to]) => importing?.has(to) === true && imported?.has(from) === true)
  }
  expect([...new Set(circle.map((arrow) => arrow.join(' imports ')))]).toEqual([])
})

it('keeps adapters and their client packages behind the composition root', () => {
  expect(sources.flatMap((file) => imports(file).flatMap((target) => adapterFault(file, target)))).toEqual([])
})

it('reads the environment in main.ts alone', () => {
  const readers = sources.filter(
    (file) => !isTest(file) && readFileSync(file, 'utf8').includes('process.env'),
  )
  expect(
    readers
      .map((file) => relative(SRC, file))
      .filter((name) => name !== 'main.ts' && !name.startsWith('cli/')),
  ).toEqual([])
})

it('has no file over its length and no folder or file named after a kind', () => {
  const long = everything.filter(
    (file) => readFileSync(file, 'utf8').split('\n').length > (isTest(file) ? 501 : 301),
  )
  const nameless = everything.filter((file) => NAMELESS.test(relative(ROOT, file)))
  const wild = everything.filter(
    (file) => !/^[a-z0-9][a-z0-9.-]*\.tsx?$/.test(file.slice(file.lastIndexOf('/') + 1)),
  )
  expect({ long, nameless, wild }).toEqual({ long: [], nameless: [], wild: [] })
})

it('lets the console import only contracts and the permission table from the server', () => {
  const wrong = files(join(ROOT, 'console/src'))
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => specifiers(file).map((target) => ({ file: relative(ROOT, file), target })))
    .filter(
      ({ target }) => target.startsWith('@hub/') && !/\.contract\.ts$|auth\/permissions\.ts$/.test(target),
    )
  expect(wrong).toEqual([])
})

it('names no skipped or focused test', () => {
  const marks = new RegExp(String.raw`\b(it|test|describe)\.(${['only', 'todo', 'skip'].join('|')})\(`)
  expect(everything.filter((file) => isTest(file) && marks.test(readFileSync(file, 'utf8')))).toEqual([])
})

function layerFault(file: string, target: string): string[] {
  const from = layerOf(file)
  const to = layerOf(target)
  if (from === undefined || to === undefined || from === to) return []
  const [above, below] = [RANK.get(from), RANK.get(to)]
  if (above === undefined || below === undefined) return [`no layer for ${from} or ${to}`]
  return below < above ? [] : [`${relative(SRC, file)} imports ${relative(SRC, target)}`]
}

function adapterFault(file: string, target: string): string[] {
  const name = relative(SRC, file)
  const free = ROOT_FILE.test(name) || name.startsWith('cli/') || name.startsWith('demo/') || isTest(file)
  const adapter = ADAPTERS.find((folder) => relative(SRC, target).startsWith(`${folder}/`))
  const owner = adapter ?? CLIENTS[target]
  return owner === undefined || free || name.startsWith(`${owner}/`) ? [] : [`${name} imports ${target}`]
}

/** `main.ts` and `app.ts` stand above all layers. */
function layerOf(path: string): string | undefined {
  const [first = '', ...rest] = relative(SRC, path).split('/')
  if (first === '..') return undefined
  return rest.length === 0 ? 'app' : first
}

/** The two folders of one folder that a file and what it imports lie in; nothing for files that stand in a layer, or in the folder of both, itself. */
function roomsOf(file: string, target: string): (readonly [from: string, to: string])[] {
  const [from, to] = [file, target].map((path) => relative(SRC, path).split('/')) as [string[], string[]]
  let shared = 0
  while (shared < from.length && from[shared] === to[shared]) shared += 1
  if (shared === 0 || shared >= from.length - 1 || shared >= to.length - 1) return []
  return [[from.slice(0, shared + 1).join('/'), to.slice(0, shared + 1).join('/')]]
}

/** Imported files as absolute paths, packages by their name. */
function imports(file: string): string[] {
  return specifiers(file).map((target) => (target.startsWith('.') ? resolve(dirname(file), target) : target))
}

function specifiers(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '')
}

function isTest(file: string): boolean {
  return /\.test\.tsx?$|\/store\/[a-z.-]*contract\.ts$/.test(file) || file.includes('/server/test/')
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}
