import { fault } from '../../kernel/fault.ts'
import type { Include } from './request.ts'

/** `_include=Observation:subject:Patient`, `_revinclude:iterate=Observation:subject`, `_include=*`. @throws Fault `malformed` */
export function includeOf(name: string, value: string): Include {
  const [kind, modifier] = name.split(':')
  const reverse = kind === '_revinclude'
  if (modifier !== undefined && modifier !== 'iterate' && modifier !== 'recurse') {
    throw fault('malformed', { code: 'not-supported', text: `${name}: the only modifier is :iterate` })
  }
  const iterate = modifier !== undefined
  const asked = [name, value] as const
  if (value === '*') return { reverse, iterate, source: '*', param: '*', asked }
  const [source, param, target, ...more] = value.split(':')
  if (source === undefined || param === undefined || param === '' || more.length > 0) {
    throw fault('malformed', {
      code: 'value',
      text: `${String(kind)} is written [type]:[reference parameter] or [type]:[reference parameter]:[target type]`,
    })
  }
  return { reverse, iterate, source, param, asked, ...(target === undefined ? {} : { target }) }
}
