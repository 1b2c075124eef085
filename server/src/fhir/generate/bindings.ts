import type { Specification } from './specification.ts'
import { expand, type Expansion } from './value-sets.ts'

/** The value sets that one generated file uses: `use` gives the name of its constant, `declarations` the JavaScript of all. */
export interface Bindings {
  use(url: string): string
  /** The name of a constant with a set of names. */
  set(names: readonly string[]): string
  declarations(): string
}

export interface BindingSource {
  readonly terminology: Specification['terminology']
  /** Sets that are checked by syntax: url to the name of the syntax. */
  readonly syntaxes: Readonly<Record<string, string>>
}

export function createBindings(source: BindingSource): Bindings {
  const names = new Map<string, string>()
  const sets = new Map<string, string>()
  return {
    use(url) {
      const name = names.get(url) ?? `set$${names.size}`
      names.set(url, name)
      return name
    },
    set(members) {
      const js = `new Set(${JSON.stringify(members)})`
      const name = sets.get(js) ?? `names$${sets.size}`
      sets.set(js, name)
      return name
    },
    declarations: () =>
      [
        ...[...names].map(([url, name]) => `const ${name} = ${declaration(url, source)}`),
        ...[...sets].map(([js, name]) => `const ${name} = ${js}`),
      ].join('\n'),
  }
}

/** The one system of a value set, when it has only one and lists its codes. */
export function onlySystem(url: string, { terminology, syntaxes }: BindingSource): string | undefined {
  if (url in syntaxes) return undefined
  const systems = [...expand(url, terminology).keys()]
  return systems.length === 1 ? systems[0] : undefined
}

function declaration(url: string, { terminology, syntaxes }: BindingSource): string {
  const syntax = syntaxes[url]
  if (syntax !== undefined) return `codesBySyntax(${JSON.stringify(url)}, ${JSON.stringify(syntax)})`
  return `codesOf(${JSON.stringify(url)}, ${JSON.stringify(listed(expand(url, terminology)))})`
}

/** Codes by system. */
export function listed(expansion: Expansion): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries([...expansion].map(([system, codes]) => [system, [...codes]]))
}
