import { Fault, fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import { uuid7 } from '../../kernel/ids.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import { isId } from '../access.ts'
import type { Definitions, TypeModule } from '../definitions.ts'
import type { Draft } from '../resources.ts'
import { withLines } from '../validation/lines.ts'
import type { Given } from './body.ts'

/** A draft with its module and id, validated: what does not change when the commit has to be tried again. */
export interface Prepared {
  readonly draft: Draft
  readonly module: TypeModule
  readonly id: string
  /** Issues that do not keep it from being stored. */
  readonly notes: readonly Issue[]
}

/**
 * Validates all drafts and gives ids to new ones.
 *
 * @param use gets each draft behind its check, with its content, as long as no draft has errors
 * @throws Fault `malformed` or `unprocessable` with the issues of all drafts
 */
export async function prepareAll(
  { drafts, definitions, now }: Drafts,
  use: (prepared: Prepared, content: Given | undefined) => Promise<void> | undefined,
): Promise<readonly Prepared[]> {
  const issues: Issue[] = []
  const prepared: Prepared[] = []
  const pace = createPace()
  let isClean = true
  for (const draft of drafts) {
    const module = await moduleOf(definitions, draft.type)
    const id = idOf(draft, now)
    const reading = contentOf(draft)
    const content = reading instanceof Promise ? await reading : reading
    const parsing = pace()
    if (parsing) await parsing
    const notes = issuesOf(draft, module, { id, content })
    if (notes.length > 0) issues.push(...notes)
    isClean &&= !notes.some(isError)
    const each = { draft, module, id, notes }
    prepared.push(each)
    const turn = pace()
    if (turn) await turn
    const using = isClean ? use(each, content) : undefined
    if (using) await using
    const slice = pace()
    if (slice) await slice
  }
  // R4, "RESTful API": 400 for what is no R4, 422 for what only a profile or this server asks for.
  const kind = issues.filter(isError).every(isOwnRule) ? 'unprocessable' : 'malformed'
  if (!isClean) throw new Fault(kind, issues.slice(0, limits.fhir.issues))
  return prepared
}

/** @throws Fault `malformed` */
function idOf(draft: Draft, now: number): string {
  const id = draft.id ?? uuid7(now)
  if (isId(id)) return id
  throw fault('malformed', { code: 'value', text: 'An id has 1 to 64 letters, digits, "-" or "."' })
}

export interface Drafts {
  readonly drafts: readonly Draft[]
  readonly definitions: Definitions
  /** Milliseconds. */
  readonly now: number
}

/** The resources that drafts replace, by which their writers wait for each other. */
export function replacedBy(drafts: readonly Pick<Draft, 'type' | 'id' | 'method'>[]): readonly string[] {
  return drafts.flatMap(({ type, id, method }) =>
    id === undefined || method === 'POST' ? [] : `${type}/${id}`,
  )
}

/** The content of a draft, none for a deletion; where it has only a text, or makes it, one of the caller's own. */
export function contentOf({ resource, parsed, text, read }: Draft): Soon<Given | undefined> {
  if (read !== undefined) return read()
  const known = resource ?? parsed?.take()
  if (text === undefined) return known && { resource: known }
  return { resource: known ?? (JSON.parse(text) as JsonObject), text }
}

function isError({ severity }: Issue): boolean {
  return severity === 'error' || severity === 'fatal'
}

function isOwnRule({ profile, code }: Issue): boolean {
  return profile !== undefined || code === 'not-supported' || code === 'duplicate'
}

/** @throws Fault `not-found` for what is no resource type of R4 */
export function moduleOf(definitions: Definitions, type: string): Soon<TypeModule> {
  return soon<TypeModule | undefined, TypeModule>(definitions.load(type), (module) => {
    if (module) return module
    const text = `"${type.slice(0, 64)}" is no resource type of FHIR R4`
    throw fault('not-found', { code: 'not-supported', text })
  })
}

function issuesOf(
  draft: Draft,
  module: TypeModule,
  { id, content }: { readonly id: string; readonly content: Given | undefined },
): readonly Issue[] {
  if (draft.method === 'DELETE') return []
  if (!content) throw new Error(`a ${draft.method} draft without resource`)
  const { at } = draft
  const { resource, text } = content
  const known = resource['id']
  const named = known === undefined || known === id ? resource : withId(draft, resource, id)
  const found = module.validate(named, limits.fhir.issues, {
    stored: true,
    ...(text === undefined ? {} : { text }),
  })
  if (at !== undefined) return found.map((issue) => placed(issue, module.type, at))
  return text === undefined ? found : withLines(found, text)
}

/** What was parsed for this draft alone need not be copied. */
function withId(draft: Draft, resource: JsonObject, id: string): JsonObject {
  return draft.resource === undefined ? Object.assign(resource, { id }) : { ...resource, id }
}

function placed(issue: Issue, type: string, at: string): Issue {
  const below = issue.at === undefined || issue.at === type ? '' : issue.at.slice(type.length)
  return { ...issue, at: `${at}${below}` }
}
