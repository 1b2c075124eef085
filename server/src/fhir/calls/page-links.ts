import type { Around } from '../search/page-token.ts'

export interface Link {
  readonly relation: string
  readonly url: string
}

interface Turned extends Around {
  /** The value of `_page`; absent on the first page. */
  readonly page?: string | undefined
}

/** The links of one page. @see FHIR R4, "RESTful API", paging */
export function pageLinks(
  { page, next, previous }: Turned,
  urlOf: (page: string | undefined) => string,
): readonly Link[] {
  const links: Link[] = [{ relation: 'self', url: urlOf(page) }]
  if (page !== undefined) links.push({ relation: 'first', url: urlOf(undefined) })
  if (previous !== undefined)
    links.push({ relation: 'previous', url: urlOf(previous === '' ? undefined : previous) })
  if (next !== undefined) links.push({ relation: 'next', url: urlOf(next) })
  return links
}
