interface Named {
  readonly use?: string | undefined
  readonly text?: string | undefined
  readonly family?: string | undefined
  readonly given?: readonly string[] | undefined
}

/** A name with the place that it stands at, so that its source can be asked for. */
export interface ShownName {
  readonly text: string
  /** FHIRPath of its main part. */
  readonly element: string
}

/** `FAMILY, Given` of the official name, else of the first. */
export function shownName(names: readonly Named[] = []): ShownName | undefined {
  const official = names.findIndex(({ use }) => use === 'official')
  const index = Math.max(official, 0)
  const name = names[index]
  if (name === undefined) return undefined
  const { family, given = [], text } = name
  if (family === undefined)
    return { text: text ?? given.join(' '), element: `Patient.name[${index}].given[0]` }
  const full = [family.toUpperCase(), given.join(' ')].filter(Boolean).join(', ')
  return { text: full, element: `Patient.name[${index}].family` }
}
