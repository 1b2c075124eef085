const RELATIVE = /^([A-Za-z]{1,60})\/([^/?#\s]{1,200})(?:\/_history\/([^/?#\s]{1,200}))?$/
const ID = /^[A-Za-z0-9.-]{1,64}$/
const ABSOLUTE = /^(?:https?|ftp|file|ldap):\/\/\S+$/i
const URN = /^urn:(?:uuid:[0-9a-fA-F-]{36}|oid:[0-2](?:\.\d{1,40}){1,40}|(?!uuid:|oid:)[a-z0-9-]{1,32}:\S+)$/i
/** Resolved in transactions by a search, and nowhere else. @see FHIR R4, "RESTful API", conditional references */
const CONDITIONAL = /^([A-Z][A-Za-z]{1,60})\?\S+$/
const ENDING = /\/([A-Z][A-Za-z]{1,60})\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/

interface Allowed {
  /** All types of R4 where any will do. */
  readonly targets: ReadonlySet<string>
  readonly types: ReadonlySet<string>
  /** Whether a reference by search must have been resolved before. */
  readonly isResolved: boolean
}

/** What is wrong with the text of a reference that is no fragment, and how to mend it. @see FHIR R4, "Resource References" */
export function referenceProblem(text: string, { targets, types, isResolved }: Allowed): string | undefined {
  if (text.length > 4096) return 'A reference may have 4096 characters at most.'
  const relative = RELATIVE.exec(text)
  if (relative) return relativeProblem(relative, { targets, types })
  const conditional = CONDITIONAL.exec(text)?.[1]
  if (conditional !== undefined) return conditionalProblem(conditional, { targets, types, isResolved })
  if (URN.test(text)) return undefined
  if (!ABSOLUTE.test(text))
    return 'A reference is "Type/id", an absolute URL, "urn:uuid:…", "urn:oid:…" or "#id" of a contained resource.'
  const type = ENDING.exec(text)?.[1]
  return type !== undefined && types.has(type) ? wrongTarget(type, targets) : undefined
}

function conditionalProblem(type: string, { targets, types, isResolved }: Allowed): string | undefined {
  if (!types.has(type)) return `R4 has no resource type "${type}".`
  const advice = 'A reference by search is resolved in a transaction only: give "Type/id" or an identifier.'
  return wrongTarget(type, targets) ?? (isResolved ? advice : undefined)
}

function relativeProblem(
  [, type = '', id = '', version]: RegExpExecArray,
  { targets, types }: Pick<Allowed, 'targets' | 'types'>,
): string | undefined {
  if (!types.has(type)) return `R4 has no resource type "${type}": a relative reference is "Type/id".`
  if (!ID.test(id) || (version !== undefined && !ID.test(version)))
    return 'The id of a reference has 1 to 64 letters, digits, "-" and ".".'
  return wrongTarget(type, targets)
}

/** What is wrong with a reference to a type, or `undefined`. */
export function wrongTarget(type: string, targets: ReadonlySet<string>): string | undefined {
  return targets.has(type) ? undefined : `This may refer to ${[...targets].join(', ')}, not to ${type}.`
}
