import { changeLabels, eachKind, isSameLabel, META_IN, META_OUT } from '../labels.ts'
import type { Operation } from '../operation.ts'

/** Adds labels that are not there yet. */
export const metaAdd: Operation = {
  definition: {
    url: 'http://hl7.org/fhir/OperationDefinition/Resource-meta-add',
    name: 'MetaAdd',
    code: 'meta-add',
    description: 'Adds profiles, tags and security labels to a resource; nothing else of it changes.',
    affectsState: true,
    system: false,
    type: false,
    instance: true,
    resource: ['Resource'],
    parameter: [META_IN, META_OUT],
  },
  run: async (deps, invocation) =>
    changeLabels(deps, invocation, (before, given) =>
      eachKind((name) => {
        const labels = [...(before[name] ?? [])]
        for (const label of given[name] ?? [])
          if (!labels.some((each) => isSameLabel(each, label))) labels.push(label)
        return labels
      }),
    ),
}
