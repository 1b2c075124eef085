// Adds up the JSON reports of vitest and Playwright, prints "N passed, N failed" and fails when anything failed.
// A skipped test counts as failed unless the list names it with a reason: `name | reason`.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, list, broken = '0'] = process.argv.slice(2)
const maySkip = new Map(
  (existsSync(list) ? readFileSync(list, 'utf8') : '')
    .split('\n')
    .filter((line) => line.trim() && !line.startsWith('#'))
    .map((line) => line.split('|').map((part) => part.trim())),
)
const results = readdirSync(folder).flatMap((name) =>
  read(JSON.parse(readFileSync(join(folder, name), 'utf8'))),
)
const skipped = results.filter((result) => result.state === 'skipped')
const excused = skipped.filter((result) => maySkip.get(result.name))
const failures = [
  ...results.filter((result) => result.state === 'failed'),
  ...skipped.filter((result) => !maySkip.get(result.name)),
]
for (const { name, state } of failures) console.log(`${state}: ${name}`)
for (const { name } of excused) console.log(`skipped: ${name} (${maySkip.get(name)})`)
if (Number(broken) > 0) console.log(`${broken} steps ended with an error`)
const passed = results.filter((result) => result.state === 'passed').length
// A step that broke without a failing test (lint, types, a missing server) is one failure of its own.
const failed = Math.max(failures.length, Number(broken))
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

function read(report) {
  return report.suites
    ? report.suites.flatMap((suite) => browser(suite, ''))
    : (report.testResults ?? []).flatMap(unit)
}

function unit({ name, status, assertionResults }) {
  if (assertionResults.length === 0 && status === 'failed') return [{ name, state: 'failed' }]
  return assertionResults.map((test) => ({ name: test.fullName, state: stateOf(test.status) }))
}

function browser(suite, above) {
  const title = [above, suite.title].filter(Boolean).join(' › ')
  const own = (suite.specs ?? []).flatMap((spec) =>
    spec.tests.map((test) => ({
      name: `${title} › ${spec.title}`,
      state: test.status === 'skipped' ? 'skipped' : spec.ok ? 'passed' : 'failed',
    })),
  )
  return [...own, ...(suite.suites ?? []).flatMap((inner) => browser(inner, title))]
}

function stateOf(status) {
  return status === 'passed' || status === 'failed' ? status : 'skipped'
}
