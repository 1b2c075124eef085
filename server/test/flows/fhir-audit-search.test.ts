import { expect, it, onTestFinished } from 'vitest'

import { createAuditTrail } from '../../src/audit/create-audit-trail.ts'
import type { AuditArchive } from '../../src/audit/create-audit-trail.ts'
import { limits } from '../../src/kernel/limits.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { startFhir } from './fhir-server.ts'
import type { FhirServer, Reply } from './fhir-server.ts'

const QUIET = Math.floor(limits.audit.groupsLooked * 1.5)

const groupName = (number: number): string => `2098-01-01/${String(number).padStart(8, '0')}`

interface Quiet {
  groups: number
  /** How many of them were looked at. */
  looked: number
}

/** A trail in front of which stand groups without anything that is looked for. */
function behindQuietGroups(trail: AuditArchive, quiet: Quiet): AuditArchive {
  return {
    ...trail,
    groups: async (walk) => quiet.groups + (await trail.groups(walk)),
    walk: async function* (walk) {
      const { before } = walk
      const isBehind = before?.group.startsWith('2098') === false
      const last = isBehind ? 0 : Number(before?.group.slice(-8) ?? quiet.groups)
      for (let number = last; number > 0; number -= 1) {
        quiet.looked += 1
        yield { group: groupName(number), rows: [] }
      }
      const { before: _before, ...rest } = walk
      yield* trail.walk(isBehind ? walk : rest)
    },
  }
}

const onError = (error: unknown): never => {
  throw error
}

/** More groups are quiet than one search looks at. */
async function serverOfLongTrail(quiet: Quiet = { groups: QUIET, looked: 0 }) {
  const store = await freshStore()
  const folder = await freshFolder()
  const trail = createAuditTrail({ folder, store, clock: Date.now, onError })
  onTestFinished(() => trail.close())
  return startFhir({ store, audit: behindQuietGroups(trail, quiet) })
}

const nextOf = ({ json }: Reply): string | undefined =>
  (json['link'] as readonly { relation: string; url: string }[]).find(({ relation }) => relation === 'next')
    ?.url

it('goes on behind what one search of a long audit trail looks at', async () => {
  const { ask, base } = await serverOfLongTrail()
  await ask('PUT', '/Patient/seen', { body: { resourceType: 'Patient', id: 'seen' } })
  await ask('GET', '/Patient/seen')
  const first = await ask('GET', '/AuditEvent?entity=Patient/seen&_count=1')
  expect([first.status, first.json['total'], first.at('entry.0.search.mode')]).toEqual([
    200,
    undefined,
    'outcome',
  ])
  expect(first.text).toContain('Only the last part of the audit trail was looked at')
  const second = await ask('GET', nextOf(first)?.replace(base, '') ?? '')
  const third = await ask('GET', nextOf(second)?.replace(base, '') ?? '')
  const found = [second, third].map(({ at }) => at('entry.0.resource.subtype.0.code'))
  expect(found, second.text).toEqual(['read', 'update'])
  expect(nextOf(third)).toBeUndefined()
})

it('refuses what needs all of a long audit trail', async () => {
  const { ask } = await serverOfLongTrail()
  for (const query of ['_sort=date', '_total=accurate', '_summary=count']) {
    const refused = await ask('GET', `/AuditEvent?entity=Patient/seen&${query}`)
    expect([refused.status, refused.at('issue.0.code')], query).toEqual([422, 'too-costly'])
  }
})

async function handIn({ ask }: Pick<FhirServer, 'ask'>, recorded: string): Promise<void> {
  const type = { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110103' }
  const [agent, source] = [[{ altId: 'pacs', requestor: true }], { observer: { display: 'x' } }]
  const entity = [{ what: { reference: 'Patient/seen' } }]
  const body = { resourceType: 'AuditEvent', type, recorded, agent, source, entity }
  expect((await ask('POST', '/AuditEvent', { body })).status).toBe(201)
}

/** What was done, or the year of an event that was handed in; from all pages. */
async function done(
  { ask, base }: Pick<FhirServer, 'ask' | 'base'>,
  query: string,
  from: string | undefined = `/AuditEvent?${query}`,
): Promise<string> {
  const found: unknown[] = []
  let path = from as string | undefined
  for (let pages = 0; path !== undefined && pages < 12; pages += 1) {
    const page: Reply = await ask('GET', path)
    expect(page.status, page.text).toBe(200)
    const entries = (page.json['entry'] ?? []) as readonly {
      search: { mode: string }
      resource: { recorded: string; subtype?: readonly { code: string }[] }
    }[]
    for (const { search, resource } of entries)
      if (search.mode === 'match') found.push(resource.subtype?.[0]?.code ?? resource.recorded.slice(0, 4))
    path = nextOf(page)?.replace(base, '')
  }
  return found.join(' ')
}

it('gives the newest events of a long audit trail first, those handed in among them', async () => {
  const server = await serverOfLongTrail()
  await server.ask('PUT', '/Patient/seen', { body: { resourceType: 'Patient', id: 'seen' } })
  for (const recorded of ['2020-01-01T00:00:00Z', '2097-01-01T00:00:00Z']) await handIn(server, recorded)
  await server.ask('GET', '/Patient/seen')
  for (const count of [1, 2, 3, 20]) {
    const of = `entity=Patient/seen&_count=${String(count)}`
    expect(await done(server, `${of}&_sort=-date`)).toBe('2097 read create create update 2020')
    expect((await done(server, `${of}&_sort=-_lastUpdated`)).split(' ').toSorted()).toEqual(
      '2020 2097 create create read update'.split(' '),
    )
  }
  const first = await server.ask('GET', '/AuditEvent?entity=Patient/seen&_sort=-date&_count=1')
  expect(first.text).toContain('too long to be sorted')
})

it('looks at a trail that is too long to be sorted once', async () => {
  const quiet = { groups: QUIET, looked: 0 }
  const { ask } = await serverOfLongTrail(quiet)
  expect((await ask('GET', '/AuditEvent?entity=Patient/seen&_sort=-date')).status).toBe(200)
  expect(quiet.looked).toBe(limits.audit.groupsLooked)
})

it('goes on in the order that it began with when the trail has become too long meanwhile', async () => {
  const quiet = { groups: 0, looked: 0 }
  const server = await serverOfLongTrail(quiet)
  const { ask, base } = server
  await ask('PUT', '/Patient/seen', { body: { resourceType: 'Patient', id: 'seen' } })
  for (const recorded of ['2020-01-01T00:00:00Z', '2097-01-01T00:00:00Z']) await handIn(server, recorded)
  await ask('GET', '/Patient/seen')
  for (const [order, all] of [
    ['-date', '2097 read create create update 2020'],
    ['date', '2020 update create create read 2097'],
    ['action,date', 'create create read update 2020 2097'],
  ] as const) {
    quiet.groups = 0
    const query = `entity=Patient/seen&_sort=${order}&_count=1`
    const first = await ask('GET', `/AuditEvent?${query}`)
    quiet.groups = QUIET
    expect(first.json['total']).toBe(6)
    const rest = await done(server, '', nextOf(first)?.replace(base, ''))
    const began =
      /"code":"(create|read|update)"|"recorded":"(\d{4})/.exec(JSON.stringify(first.json['entry'])) ?? []
    expect(`${began[1] ?? began[2] ?? ''} ${rest}`, order).toBe(all)
  }
})
