import { may } from '@hub/auth/permissions.ts'
import { useQueries } from '@tanstack/react-query'
import { z } from 'zod'

import { FhirPatient, find, only } from './fhir.ts'
import { useSession } from './session.ts'

const Identifier = z.object({ use: z.string().optional(), value: z.string().optional() })
const FhirNumbered = z.object({
  resourceType: z.string(),
  id: z.string(),
  identifier: z.array(Identifier).optional(),
})

export interface Named {
  /** The first number that is not an old one; absent when there is none. */
  readonly number?: string
  /** Of a patient only. */
  readonly patient?: FhirPatient
}

/** By reference. */
export type NamedOnes = ReadonlyMap<string, Named>

const TYPES = ['Patient', 'Encounter', 'Account'] as const
/** So many ids fit into one address. */
const AT_ONCE = 50

/** What people call the patients, visits and accounts that the references mean; those that are not read yet, or not for this role, are left out. */
export function useNamed(references: readonly string[]): NamedOnes {
  const roles = useSession((state) => state.session?.who.roles ?? NO_ROLES)
  const pages = TYPES.filter((type) => may(roles, 'search', type)).flatMap((type) =>
    pagesOf(references, type).map((ids) => ({ type, ids })),
  )
  return useQueries({
    queries: pages.map(({ type, ids }) => ({
      queryKey: ['named', type, ids],
      queryFn: async ({ signal }: { readonly signal: AbortSignal }) =>
        find(type, { _id: ids, _count: String(AT_ONCE) }, signal),
      meta: { types: [type] },
    })),
    combine: namedOf,
  })
}

const NO_ROLES = [] as const

function pagesOf(references: readonly string[], type: string): readonly string[] {
  const ids = [...new Set(references)]
    .flatMap((one) => (one.startsWith(`${type}/`) ? one.slice(type.length + 1) : []))
    .toSorted()
  return Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, page) =>
    ids.slice(page * AT_ONCE, (page + 1) * AT_ONCE).join(','),
  )
}

function namedOf(
  answers: readonly { readonly data: Awaited<ReturnType<typeof find>> | undefined }[],
): NamedOnes {
  const resources = answers.flatMap(({ data }) => data?.resources ?? [])
  const patients = new Map(only(FhirPatient, resources).map((patient) => [patient.id, patient]))
  return new Map(
    only(FhirNumbered, resources).map(({ resourceType, id, identifier = [] }) => {
      const patient = resourceType === 'Patient' ? patients.get(id) : undefined
      const { value } = identifier.find(({ use }) => use !== 'old') ?? identifier[0] ?? {}
      const named = { ...(value === undefined ? {} : { number: value }), ...(patient ? { patient } : {}) }
      return [`${resourceType}/${id}`, named]
    }),
  )
}
