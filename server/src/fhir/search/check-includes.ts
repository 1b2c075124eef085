import { fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { TypeModule } from '../definitions.ts'
import { queryText } from './query-text.ts'
import type { Handling, Include, SearchRequest } from './request.ts'
import type { SearchDeps } from './scope.ts'

/** The request with the includes that can be followed; the others are refused, or left out with a warning. @throws Fault `malformed` */
export function checkIncludes(
  deps: SearchDeps,
  request: SearchRequest,
  handling: Handling,
): Soon<SearchRequest> {
  return request.includes.length === 0
    ? request
    : soon(checked(deps, request.includes, handling), ({ known, warnings }) =>
        warnings.length === 0 ? request : without(request, { known, warnings }),
      )
}

interface CheckedIncludes {
  readonly known: readonly Include[]
  readonly warnings: readonly Issue[]
}

/** Links name what was used only. */
function without(request: SearchRequest, { known, warnings }: CheckedIncludes): SearchRequest {
  const left = request.includes.filter((each) => !known.includes(each))
  const texts = new Set(left.map(({ asked }) => asked.join('=')))
  const used = request.used.filter((pair) => !texts.has(pair.join('=')))
  return {
    ...request,
    includes: known,
    used,
    query: queryText(used),
    warnings: [...request.warnings, ...warnings],
  }
}

async function checked(
  deps: SearchDeps,
  includes: readonly Include[],
  handling: Handling,
): Promise<CheckedIncludes> {
  const known: Include[] = []
  const warnings: Issue[] = []
  for (const include of includes) {
    const { source, param, target } = include
    if (target !== undefined && !deps.definitions.types.includes(target))
      throw fault('malformed', {
        code: 'value',
        text: `_include, _revinclude: "${target.slice(0, 64)}" is no resource type of FHIR R4`,
      })
    if (await isFollowed(deps, include)) {
      known.push(include)
      continue
    }
    const text = `_include, _revinclude: ${source} has no reference parameter "${param}"`
    if (handling === 'strict') throw fault('malformed', { code: 'not-supported', text })
    warnings.push({ severity: 'warning', code: 'not-supported', text })
  }
  return { known, warnings }
}

async function isFollowed({ definitions }: SearchDeps, { source, param }: Include): Promise<boolean> {
  if (source === '*') return true
  const module = await definitions.load(source)
  return module !== undefined && (param === '*' || referenceCodes(module).includes(param))
}

/** The parameters of a type that are references. */
export function referenceCodes({ params }: TypeModule): readonly string[] {
  return params.flatMap(({ code, type }) => (type === 'reference' ? [code] : []))
}
