import { changeLabels, eachKind, isSameLabel, META_IN, META_OUT } from '../labels.ts'
import type { Operation } from '../operation.ts'

/** Removes labels; those that are not there are no error. */
export const metaDelete: Operation = {
  definition: {
    url: 'http://hl7.org/fhir/OperationDefinition/Resource-meta-delete',
    name: 'MetaDelete',
    code: 'meta-delete',
    description: 'Removes profiles, tags and security labels from a resource; nothing else of it changes.',
    affectsState: true,
    system: false,
    type: false,
    instance: true,
    resource: ['Resource'],
    parameter: [META_IN, META_OUT],
  },
  run: async (deps, invocation) =>
    changeLabels(deps, invocation, (before, given) =>
      eachKind((name) =>
        (before[name] ?? []).filter((label) => !(given[name] ?? []).some((each) => isSameLabel(each, label))),
      ),
    ),
}
