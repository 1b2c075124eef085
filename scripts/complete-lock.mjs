// Adds the lock entries of optional platform packages which the registry in use could not serve.
// npm 11 leaves them out of package-lock.json and then refuses its own lock file in `npm ci`.
import { readFileSync, writeFileSync } from 'node:fs'

const OS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'aix',
  'win32',
  'win',
]
const CPU = [
  'arm64',
  'arm',
  'ia32',
  'x64',
  'x86',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
]

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const added = []
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const found = nearest(path, name)
    if (entry.link || (found && (!/^\d/.test(range) || found.version === range))) continue
    const home = found ? path.slice(0, path.lastIndexOf('node_modules/')) : ''
    lock.packages[`${home}node_modules/${name}`] = absent(name, range, entry)
    added.push(`${name}@${range}`)
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
)
if (added.length) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added.length} lock entries added`)

function nearest(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    const entry = lock.packages[`${at ? `${at}/` : ''}node_modules/${name}`]
    if (entry || !at) return entry
  }
}

function absent(name, range, parent) {
  const words = name.split(/[/-]/)
  const os = OS.find((word) => words.includes(word))
  const cpu = CPU.find((word) => words.includes(word))
  if (!os && !cpu) throw new Error(`${name} does not look like a platform package`)
  return {
    version: range.replace(/^[\^~]/, ''),
    ...(cpu && { cpu: [cpu] }),
    ...(parent.dev && { dev: true }),
    optional: true,
    ...(os && { os: [os === 'win' ? 'win32' : os] }),
  }
}
