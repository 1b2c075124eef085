import { labelsAnswer, META_OUT, metaAnswer } from '../labels.ts'
import type { Operation } from '../operation.ts'
import { labelsInUse } from './labels-in-use.ts'

/** Profiles, tags and security labels of one resource or version, or all that are in use. */
export const meta: Operation = {
  definition: {
    url: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
    name: 'Meta',
    code: 'meta',
    description: 'Gives the profiles, tags and security labels of a resource, of a type or of the system.',
    affectsState: false,
    system: true,
    type: true,
    instance: true,
    resource: ['Resource'],
    parameter: [META_OUT],
  },
  run: async (deps, { call, type, id, version }) => {
    if (type === undefined || id === undefined)
      return labelsAnswer(await labelsInUse(deps, call.caller, type))
    return metaAnswer(
      version === undefined
        ? await deps.resources.read(call.caller, type, id)
        : await deps.resources.vread(call.caller, { type, id, version }),
    )
  },
}
