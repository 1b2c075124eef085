import { resolve } from 'node:path'

/** The corpus, where there is one: `CORPUS`, from the root of the repository, or the folder beside it. */
export const CORPUS = resolve(import.meta.dirname, '../../..', process.env['CORPUS'] ?? '../shared/corpus')
