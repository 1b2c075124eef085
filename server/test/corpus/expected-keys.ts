import type { JsonObject } from '../../src/kernel/json.ts'
import type { SearchKeys } from '../../src/store/keys.ts'

export function isPresent({ k }: SearchKeys, code: string): boolean {
  return k.includes(`${code}:missing=false`)
}

/** Values of a quantity or number that stand in none of the intervals of a parameter. */
export function outsideOf({ r }: SearchKeys, code: string, values: readonly unknown[]): readonly unknown[] {
  return values.filter((value) => {
    const number = typeof value === 'number' ? value : (value as JsonObject)['value']
    const isOwn = ({ p, lo, hi }: SearchKeys['r'][number]): boolean =>
      p === code && lo <= Number(number) && Number(number) <= hi
    return typeof number === 'number' && !r.some(isOwn)
  })
}

/** The key of each value in its plainest form; of values without such a form (dates, names) only the presence counts. */
export function expectedKeys(
  param: string,
  paramType: string,
  values: readonly unknown[],
): readonly string[] {
  const codes = values.flatMap((value): readonly unknown[] => {
    if (typeof value !== 'object' || value === null)
      return paramType === 'token' || paramType === 'uri' ? [value] : []
    const { code, coding, reference } = value as Record<string, unknown>
    // The version is no part of the key: a reference to a version finds the resource.
    if (paramType === 'reference')
      return [typeof reference === 'string' ? reference.replace(/\/_history.*/, '') : reference]
    if (paramType !== 'token') return []
    return Array.isArray(coding)
      ? coding.map((each) => (each as JsonObject)['code'])
      : [code ?? (value as JsonObject)['value']]
  })
  return codes
    .filter(
      (code) =>
        code !== undefined && !(typeof code === 'string' && code.startsWith('#')) && typeof code !== 'object',
    )
    .map((code) => `${param}=${paramType === 'token' ? String(code).toLowerCase() : String(code)}`)
}
