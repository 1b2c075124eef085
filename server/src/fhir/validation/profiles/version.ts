/** What R4's own definitions say, and the edition before its last correction, which differs in no rule. */
const R4 = '4.0.1'
const R4_BEFORE = '4.0.0'

/** Whether somebody who asks for a version, or for the beginning of one, means the one that is held. @param asked empty: any */
export function isVersion(held: string, asked: string): boolean {
  if (asked === '' || asked === held || held.startsWith(`${asked}.`)) return true
  return held === R4 && asked === R4_BEFORE
}

/** Whether a version is one of R4's own definitions. */
export function isVersionOfR4(asked: string): boolean {
  return isVersion(R4, asked)
}
