export interface ExtractContext {
  readonly lastUpdated: number
  readonly facilities: readonly string[]
  /** Own absolute base such as `http://127.0.0.1:8080/fhir`: absolute references below it count as relative ones. */
  readonly base: string
  /** Texts are not cut: they are looked at, not stored. */
  readonly isWhole?: true
  /** Told of the rebuild of each posted parameter whose keys cannot be made; absent: that is an error. */
  readonly unmade?: (rebuild: string, error: unknown) => void
}
