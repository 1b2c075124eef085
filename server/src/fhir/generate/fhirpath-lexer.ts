import { DefinitionError } from './definition-error.ts'

export interface Token {
  readonly kind:
    | 'name'
    | 'string'
    | 'date'
    | 'dateTime'
    | 'time'
    | 'number'
    | 'variable'
    | 'this'
    | 'symbol'
    | 'end'
  readonly text: string
  readonly at: number
}

/** Dates and times stand for texts, as in resources: `@2024-02`, `@T14:30`. */
const LEXEME =
  /\s*(?:(?<comment>\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)|@(?<date>\d{4}(?:-\d\d){0,2}(?:T(?:\d\d(?::\d\d){0,2}(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?|T\d\d(?::\d\d){0,2}(?:\.\d+)?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|`(?<quoted>[^`]*)`|'(?<string>(?:[^'\\]|\\.)*)'|(?<number>\d+(?:\.\d+)?)|%(?:(?<variable>[A-Za-z][A-Za-z0-9_-]*)|[`'"](?<quotedVariable>[A-Za-z][A-Za-z0-9_.-]*)[`'"])|\$(?<this>this)|(?<ofEach>\$(?:index|total))|(?<symbol><=|>=|!=|!~|[.()[\]|&+\-*/=<>~,{}]))/y

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f' }

/** Cuts FHIRPath text into tokens. @throws DefinitionError on a character that starts no token */
export function fhirPathTokens(text: string): readonly Token[] {
  const tokens: Token[] = []
  const end = text.trimEnd().length
  LEXEME.lastIndex = 0
  while (LEXEME.lastIndex < end) {
    const at = LEXEME.lastIndex
    const groups = LEXEME.exec(text)?.groups
    if (!groups) throw new DefinitionError(`FHIRPath: unexpected character ${at + 1} of ${text}`)
    if (groups['comment'] === undefined) tokens.push(token(groups, at))
  }
  tokens.push({ kind: 'end', text: '', at: end })
  return tokens
}

function token(groups: Readonly<Record<string, string | undefined>>, at: number): Token {
  const { date, name, quoted, string, number, symbol } = groups
  const variable = groups['variable'] ?? groups['quotedVariable'] ?? groups['ofEach']
  if (date !== undefined) return { kind: momentOf(date), text: date.replace(/^T|T$/, ''), at }
  if (name !== undefined) return { kind: 'name', text: name, at }
  if (quoted !== undefined) return { kind: 'name', text: quoted, at }
  if (string !== undefined) return { kind: 'string', text: unescaped(string), at }
  if (number !== undefined) return { kind: 'number', text: number, at }
  if (variable !== undefined) return { kind: 'variable', text: variable, at }
  return symbol === undefined ? { kind: 'this', text: '$this', at } : { kind: 'symbol', text: symbol, at }
}

/** `2024-02`, `2024-02T`, `T14:30` */
function momentOf(text: string): 'date' | 'dateTime' | 'time' {
  if (text.startsWith('T')) return 'time'
  return text.includes('T') ? 'dateTime' : 'date'
}

function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|(.))/g, (_, code: string | undefined, char: string) =>
    code === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
