import { fault } from '../../../kernel/fault.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import { stringIn, treeOf } from '../../json/tree.ts'
import type { ObjectTree } from '../../json/tree.ts'
import { fhirDiff } from '../../patch/fhir-diff.ts'
import type { Invocation, Operation } from '../operation.ts'

/** What changed between two versions of a resource, as a FHIRPath Patch. */
export const diff: Operation = {
  definition: {
    url: 'urn:mogran:operation:diff',
    name: 'Diff',
    code: 'diff',
    description:
      'Gives the FHIRPath Patch that makes one version of a resource from another one; meta is left out.',
    affectsState: false,
    system: false,
    type: false,
    instance: true,
    resource: ['Resource'],
    parameter: [
      {
        name: 'from',
        use: 'in',
        min: 0,
        max: '1',
        type: 'positiveInt',
        documentation: 'Version; the one before `to` if absent',
      },
      {
        name: 'to',
        use: 'in',
        min: 0,
        max: '1',
        type: 'positiveInt',
        documentation: 'Version; the current one if absent',
      },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Parameters', documentation: 'A FHIRPath Patch' },
    ],
  },
  run: async (deps, invocation) => {
    const { call, type = '', id = '', version, given } = invocation
    const current = await deps.resources.read(call.caller, type, id)
    const to = Number(given.text('to') ?? version ?? current.version)
    const from = Number(given.text('from') ?? to - 1)
    if (from < 1)
      throw fault('malformed', {
        code: 'value',
        text: 'There is no version before the first: give from and to',
      })
    const [before, after] = [await treeAt(deps, invocation, from), await treeAt(deps, invocation, to)]
    const operations = fhirDiff(deps.definitions.elements(), type, { path: type, before, after })
    const parameter = operations.length === 0 ? '' : `,"parameter":[${operations.join(',')}]`
    return {
      status: 200,
      headers: {},
      body: Buffer.from(`{"resourceType":"Parameters"${parameter}}`, 'utf8'),
    }
  },
}

async function treeAt(
  { resources }: RestDeps,
  { call, type = '', id = '' }: Invocation,
  version: number,
): Promise<ObjectTree> {
  const { bytes } = await resources.vread(call.caller, { type, id, version })
  const tree = treeOf(Buffer.from(bytes).toString('utf8'))
  if (tree.kind === 'object' && stringIn(tree.members.get('resourceType')) === type) return tree
  throw new Error('a stored resource that is no object of its type')
}
