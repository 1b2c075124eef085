import { limits } from '../../kernel/limits.ts'
import { BEHIND } from '../search/page-token.ts'

export interface Link {
  readonly relation: string
  readonly url: string
}

/**
 * The links of one page. Each page is asked for with the tokens of the last ones before it, the first of all being empty, so that the way
 * back is the way that the caller has come.
 *
 * @param page the value of `_page`; absent on the first page
 * @param next token of the next page
 * @see FHIR R4, "RESTful API", paging
 */
export function pageLinks(
  { page, next }: { readonly page: string | undefined; readonly next: string | undefined },
  urlOf: (page: string | undefined) => string,
): readonly Link[] {
  const links: Link[] = [{ relation: 'self', url: urlOf(page) }]
  const trail = page === undefined ? [''] : page.split(BEHIND, limits.fhir.pageTrail)
  const [, ...before] = trail
  if (page !== undefined) links.push({ relation: 'first', url: urlOf(undefined) })
  if (before.length > 0)
    links.push({ relation: 'previous', url: urlOf(before[0] === '' ? undefined : before.join(BEHIND)) })
  if (next !== undefined)
    links.push({
      relation: 'next',
      url: urlOf([next, ...trail].slice(0, limits.fhir.pageTrail).join(BEHIND)),
    })
  return links
}
