import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Puts artifacts and what they need into `<home>/jars`, once.
 *
 * @param artifacts `group:name:version`
 * @throws Error when Maven is not there, or cannot reach its registry
 */
export async function fetchJars(home: string, artifacts: readonly string[]): Promise<void> {
  await mkdir(join(home, 'jars'), { recursive: true })
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`
  })
  const pom = `<project><modelVersion>4.0.0</modelVersion><groupId>peers</groupId><artifactId>peers</artifactId><version>1</version>
<dependencies>${dependencies.join('')}</dependencies></project>`
  await writeFile(join(home, 'pom.xml'), pom)
  const target = `-DoutputDirectory=${join(home, 'jars')}`
  await promisify(execFile)('mvn', [
    '-q',
    '-B',
    '-f',
    join(home, 'pom.xml'),
    'dependency:copy-dependencies',
    target,
  ])
}
