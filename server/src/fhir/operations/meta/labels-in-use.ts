import type { Caller } from '../../../auth/caller.ts'
import { fault } from '../../../kernel/fault.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { limits } from '../../../kernel/limits.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import { memberText } from '../../json/members.ts'
import { parseObject } from '../../json/parse.ts'
import { isSameLabel, labelsOf } from '../labels.ts'
import type { Labels } from '../labels.ts'

/** Profiles, tags and security labels of all resources that the caller may read, of one type or of all. @throws Fault `too-costly` */
export async function labelsInUse(deps: RestDeps, caller: Caller, type: string | undefined): Promise<Labels> {
  const found: Found = { profile: [], security: [], tag: [] }
  const seen = { count: 0, texts: new Set<string>() }
  for (const parameter of ['_profile', '_security', '_tag']) {
    for await (const text of metas(deps, caller, { type, parameter })) {
      seen.count += 1
      if (seen.count > limits.fhir.labelled) throw tooMany()
      const { versionId: _version, lastUpdated: _time, ...rest } = parseObject(text)
      const labels = JSON.stringify(rest)
      if (seen.texts.has(labels)) continue
      seen.texts.add(labels)
      add(found, labelsOf(rest))
    }
  }
  return found
}

async function* metas(
  { search }: RestDeps,
  caller: Caller,
  { type, parameter }: { readonly type: string | undefined; readonly parameter: string },
): AsyncGenerator<string> {
  const shape = [
    [`${parameter}:missing`, 'false'],
    ['_count', String(limits.fhir.pageMost)],
    ['_total', 'none'],
  ] as const
  for (let next: string | undefined = ''; next !== undefined;) {
    const pairs = next === '' ? shape : ([...shape, ['_page', next]] as const)
    const where = type === undefined ? {} : { type }
    const page = await search.find(caller, { ...where, pairs, handling: 'strict' })
    for (const { bytes } of page.matches)
      yield memberText(Buffer.from(bytes).toString('utf8'), 'meta') ?? '{}'
    next = page.next
  }
}

type Found = Record<'profile' | 'security' | 'tag', JsonValue[]>

function add(found: Found, labels: Labels): void {
  for (const name of ['profile', 'security', 'tag'] as const) {
    const known = found[name]
    for (const label of labels[name] ?? [])
      if (!known.some((each) => isSameLabel(each, label))) known.push(label)
  }
}

function tooMany(): Error {
  return fault('too-costly', {
    code: 'too-costly',
    text: `More than ${String(limits.fhir.labelled)} resources have labels: ask for one type, or for single resources`,
  })
}
