import { createBindings } from '../bindings.ts'
import { file, type ModuleSource } from '../emit-module.ts'
import { readProfiles } from './definitions.ts'
import { emitProfile } from './emit-profile.ts'

export interface ProfileModules {
  /** Canonical url to the name of its module. */
  readonly urls: Readonly<Record<string, string>>
  /** File name to text. */
  readonly modules: ReadonlyMap<string, string>
}

/**
 * One module for each profile of R4 and of `fhir-profiles/`, loaded when a resource names it.
 *
 * @throws Error naming the profile that cannot be compiled
 */
export function emitProfiles(source: ModuleSource): ProfileModules {
  const { specification, corrections, model } = source
  const sources = readProfiles(specification, corrections.removedProfiles)
  const modules = new Map<string, string>()
  const urls: Record<string, string> = {}
  for (const [url, profile] of sources.profiles) {
    const bindings = createBindings({ terminology: sources.terminology, syntaxes: corrections.syntaxes })
    try {
      const plan = emitProfile(profile, { model, corrections, sources, bindings })
      const name = `profile-${modules.size}.cjs`
      modules.set(name, file(source, [bindings.declarations(), `return ${plan}`]))
      urls[url] = name
    } catch (error) {
      throw new Error(`profile ${url} does not compile`, { cause: error })
    }
  }
  return { urls, modules }
}
