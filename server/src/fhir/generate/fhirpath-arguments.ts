import { counted } from '../../kernel/counted.ts'
import { DefinitionError } from './definition-error.ts'

/** How many arguments a function takes: at least, at most. @see FHIRPath N1, 5; FHIR R4, "FHIRPath", additional functions */
const ARGUMENTS: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ...taking(
    [0, 0],
    'abs allFalse allTrue anyFalse anyTrue ceiling children convertsToBoolean convertsToDate convertsToDateTime convertsToDecimal',
    'convertsToInteger convertsToString convertsToTime count descendants distinct empty exp first floor getValue hasValue htmlChecks',
    'isDistinct last length ln lower not now resolve single sqrt tail timeOfDay toBoolean toChars toDate toDateTime toDecimal',
    'toInteger toString toTime today trim truncate upper',
  ),
  ...taking([0, 1], 'convertsToQuantity exists join round toQuantity'),
  ...taking(
    [1, 1],
    'all as combine conformsTo contains endsWith exclude extension indexOf intersect is log matches matchesFull memberOf ofType',
    'power repeat select skip split startsWith subsetOf subsumedBy subsumes supersetOf take union where',
  ),
  ...taking([1, 2], 'aggregate substring trace'),
  ...taking([2, 2], 'replace replaceMatches'),
  ...taking([2, 3], 'iif'),
])

function taking(
  bounds: readonly [number, number],
  ...names: readonly string[]
): readonly (readonly [string, readonly [number, number]])[] {
  return names.flatMap((each) => each.split(' ')).map((name) => [name, bounds])
}

/** Functions that are not known take anything: whoever meets them says so. @throws DefinitionError */
export function checkArguments(name: string, given: number): void {
  const [least, most] = ARGUMENTS.get(name) ?? [0, Infinity]
  if (given >= least && given <= most) return
  const wanted = least === most ? counted(least, 'argument') : `${String(least)} to ${String(most)} arguments`
  throw new DefinitionError(`FHIRPath: ${name}() takes ${wanted}, not ${String(given)}`)
}
