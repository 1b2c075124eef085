import type { Concept, Include, Specification, ValueSetSource } from './specification.ts'

/** R4's own value sets and code systems, as far as it takes to expand and to walk them, by `ValueSet [url]` and `CodeSystem [url]`. */
export function emitTerminology({ terminology, tables }: Specification): string {
  const all = [...terminology, ...tables]
  return JSON.stringify(Object.fromEntries(all.map(([name, source]) => [name, bare(source)])))
}

function bare({ url, version, content, concept, compose }: ValueSetSource): object {
  return {
    url,
    version,
    content,
    ...(concept && { concept: concept.map(bareConcept) }),
    ...(compose && {
      compose: { include: compose.include.map(bareInclude), exclude: compose.exclude?.map(bareInclude) },
    }),
  }
}

function bareInclude({ system, concept, filter, valueSet }: Include): Include {
  return {
    ...(system !== undefined && { system }),
    ...(concept && { concept: concept.map(({ code }) => ({ code })) }),
    ...(filter && { filter }),
    ...(valueSet && { valueSet }),
  }
}

/** HL7 V3 says in a property of its own what else a concept stands below. */
function bareConcept({ code, concept, property }: Concept): Concept {
  return {
    code,
    ...(concept && { concept: concept.map(bareConcept) }),
    ...(property && {
      property: property.map((each) => ({
        ...each,
        code: each.code === 'subsumedBy' ? 'parent' : each.code,
      })),
    }),
  }
}
