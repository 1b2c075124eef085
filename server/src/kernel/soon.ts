/** A value that may be there already, else the promise of it: who has it at hand answers in the same turn of the event loop. */
export type Soon<Value> = Value | Promise<Value>

/** What follows from a value, in this turn when the value is there: `await` would always end the turn. */
export function soon<Value, Result>(value: Soon<Value>, use: (value: Value) => Soon<Result>): Soon<Result> {
  return value instanceof Promise ? value.then(use) : use(value)
}
