/**
 * Translates a condition of the v2-to-FHIR guide into one of ours: `IF PID-25 NOT VALUED` becomes `PID-25.empty()`.
 *
 * @returns `undefined` when the guide says it in prose only: a person decides.
 */
export function translateCondition(guide: string): string | undefined {
  const text = guide.replaceAll(/[“”]/g, '"').replaceAll(/\s+/g, ' ').trim().replace(/^IF /i, '')
  if (text === '') return undefined
  const parts = text.split(/ (AND|OR) (?:IF )?/i)
  const translated = parts.map((part, index) =>
    index % 2 === 1 ? part.toLowerCase() : translateTerm(part, parts),
  )
  return translated.some((part) => part === undefined) ? undefined : translated.join(' ')
}

const PATH = '([A-Z][A-Z0-9]{1,2}(?:-\\d+)?(?:\\.\\d+)*)'
const LIST = '\\((.+)\\)'

/** Each form of the guide with what it becomes. `$1` is the path, `$2` the value. */
const FORMS: readonly (readonly [RegExp, (path: string, value: string) => string])[] = [
  [new RegExp(`^${PATH}(?: IS)? NOT VALUED$`, 'i'), (path) => `${path}.empty()`],
  [new RegExp(`^${PATH} (?:IS )?VALUED?$`, 'i'), (path) => `${path}.exists()`],
  [new RegExp(`^${PATH} DOES NOT EXIST$`, 'i'), (path) => `${path}.empty()`],
  [
    new RegExp(`^${PATH}(?: IS)? NOT (?:EQUALS? )?["'](.*)["']$`, 'i'),
    (path, value) => `(${path} = ${quoted(value)}).not()`,
  ],
  [new RegExp(`^${PATH} (?:IS|EQUALS?|=) ["'](.*)["']$`, 'i'), (path, value) => `${path} = ${quoted(value)}`],
  [new RegExp(`^${PATH}=["'](.*)["']$`, 'i'), (path, value) => `${path} = ${quoted(value)}`],
  [new RegExp(`^${PATH} NOT IN ?${LIST}$`, 'i'), (path, value) => `(${path} in (${listed(value)})).not()`],
  [new RegExp(`^${PATH} IN ?${LIST}$`, 'i'), (path, value) => `${path} in (${listed(value)})`],
  [new RegExp(`^${PATH} COUNT ?> ?(\\d+)$`, 'i'), (path, value) => `${path}.count() > ${value}`],
  [new RegExp(`^${PATH} COUNT ?= ?(\\d+)$`, 'i'), (path, value) => `${path}.count() = ${value}`],
  [
    new RegExp(`^${PATH} LST\\.COUNT GREATER THAN (\\d+)$`, 'i'),
    (path, value) => `${path}.count() > ${value}`,
  ],
  [new RegExp(`^${PATH} LST\\.COUNT EQUALS (\\d+)$`, 'i'), (path, value) => `${path}.count() = ${value}`],
  [new RegExp(`^${PATH} LENGTH GREATER THAN (\\d+)$`, 'i'), (path, value) => `${path}.length() > ${value}`],
]

function translateTerm(term: string, all: readonly string[]): string | undefined {
  // `PID-33 AND PID-34 VALUED`: the predicate of the last path counts for those before it.
  const predicate = /(?: IS)?(?: NOT)? VALUED$/i.exec(all.at(-1) ?? '')?.[0]
  const whole = new RegExp(`^${PATH}$`).test(term) && predicate !== undefined ? term + predicate : term
  for (const [form, write] of FORMS) {
    const found = form.exec(whole)
    if (found !== null)
      return write((found[1] ?? '').replace(/^([A-Z]{2,3})\.(\d+)/, '$1.$2'), found[2] ?? '')
  }
  return undefined
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`
}

function listed(text: string): string {
  return text
    .split(',')
    .map((one) => quoted(one.trim().replaceAll(/^["']|["']$/g, '')))
    .join(', ')
}
