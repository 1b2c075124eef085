import { META_OUT, metaAnswer } from '../labels.ts'
import type { Operation } from '../operation.ts'

/** Profiles, tags and security labels of one resource or version. */
export const meta: Operation = {
  definition: {
    url: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
    name: 'Meta',
    code: 'meta',
    description: 'Gives the profiles, tags and security labels of a resource.',
    affectsState: false,
    system: false,
    type: false,
    instance: true,
    resource: ['Resource'],
    parameter: [META_OUT],
  },
  run: async ({ resources }, { call, type = '', id = '', version }) =>
    metaAnswer(
      version === undefined
        ? await resources.read(call.caller, type, id)
        : await resources.vread(call.caller, { type, id, version }),
    ),
}
