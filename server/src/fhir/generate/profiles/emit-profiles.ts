import { createBindings } from '../bindings.ts'
import { file, type ModuleSource } from '../emit-module.ts'
import { readProfiles, type ProfileDefinition, type ProfileSources } from './definitions.ts'
import { emitProfile } from './emit-profile.ts'

export interface ProfileModules {
  /** Canonical url to the name of its module. */
  readonly urls: Readonly<Record<string, string>>
  /** Of each of these urls. */
  readonly versions: Readonly<Record<string, string>>
  /** The same of R4's own extensions. */
  readonly extensionUrls: Readonly<Record<string, string>>
  /** Those of R4 and of `fhir-profiles/`. */
  readonly extensions: readonly ProfileDefinition[]
  /** File name to text. */
  readonly modules: ReadonlyMap<string, string>
}

/**
 * One module for each profile of R4 and of `fhir-profiles/`, and for each extension of R4, loaded when a resource names it.
 *
 * @throws Error naming the profile that cannot be compiled
 */
export function emitProfiles(source: ModuleSource): ProfileModules {
  const { specification, corrections } = source
  const sources = readProfiles(specification, corrections.removedProfiles)
  const definitions = [...sources.profiles.values()]
  const extensions = specification.extensions as unknown as readonly ProfileDefinition[]
  const own = definitions.filter(({ url, type }) => type === 'Extension' && sources.own.has(url))
  const sound = extensions.filter(({ url }) => !Object.hasOwn(corrections.removedProfiles, url))
  const profiles = emitAll(definitions, 'profile', { source, sources })
  const parts = emitAll(sound, 'extension', { source, sources })
  return {
    urls: profiles.urls,
    versions: Object.fromEntries(definitions.map(({ url, version = '' }) => [url, version])),
    extensionUrls: parts.urls,
    extensions: [...extensions, ...own],
    modules: new Map([...profiles.modules, ...parts.modules]),
  }
}

function emitAll(
  definitions: readonly ProfileDefinition[],
  prefix: string,
  { source, sources }: { readonly source: ModuleSource; readonly sources: ProfileSources },
): Pick<ProfileModules, 'urls' | 'modules'> {
  const { corrections, model } = source
  const modules = new Map<string, string>()
  const urls: Record<string, string> = {}
  for (const profile of definitions) {
    const bindings = createBindings({ terminology: sources.terminology, syntaxes: corrections.syntaxes })
    try {
      const plan = emitProfile(profile, { model, corrections, sources, bindings })
      const name = `${prefix}-${modules.size}.cjs`
      modules.set(name, file(source, [bindings.declarations(), `return ${plan}`]))
      urls[profile.url] = name
    } catch (error) {
      throw new Error(`profile ${profile.url} does not compile`, { cause: error })
    }
  }
  return { urls, modules }
}
