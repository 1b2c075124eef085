/**
 * What a search can find a resource by: made by the compiled extractors of `fhir`, indexed by every store in the same way.
 * Key strings are ordered by their UTF-8 bytes on every store.
 */
export interface SearchKeys {
  /**
   * Equality keys, `<parameter>=<value>`; `fhir/search/README.md` has every form byte by byte:
   * token `code=http://loinc.org|8867-4`, `code=8867-4`, `code=http://loinc.org|`, `code=|8867-4` (the last only for a coding without system);
   * reference `subject=Patient/1`, `subject=1`, an absolute or logical one as `subject=<uri>`, `subject:identifier=<token form>`;
   * of-type `identifier:of-type=<system>|<code>|<value>`; uri `url=<uri>`; presence `code:missing=false`.
   * Pair keys `patient+code=<Patient/id>+<token form>` and `patient+category=…`; patient compartment `_compartment=Patient/<id>`;
   * of contained resources `#Medication` and `#Medication:code=…`; facility `_facility=Organization/<id>`; meta `_tag=…`, `_profile=…`, `_security=…`, `_source=…`.
   */
  readonly k: readonly string[]
  /**
   * Half-open intervals `[lo, hi)` by parameter: dates in milliseconds since 1970 UTC, numbers as they are, quantities also by unit
   * (`value-quantity|~g1`: canonical amounts). Open ends are ±Infinity.
   */
  readonly r: readonly RangeKey[]
  /** Folded texts (lower case, no accents, single blanks) and addresses (as they are) by parameter, for prefix scans. */
  readonly n: readonly NameKey[]
  /** The type's main clinical date in milliseconds, by which keyed scans are ordered; `lastUpdated` when the resource has none. */
  readonly date: number
  /** Ids of the patients whose compartment holds the resource. */
  readonly patients: readonly string[]
  /** Lowest and highest sort scalar by parameter for sortable parameters that are not in `r` or `n` (tokens, references). */
  readonly s?: Readonly<Record<string, string>>
}

export interface RangeKey {
  readonly p: string
  readonly lo: number
  readonly hi: number
}

export interface NameKey {
  readonly p: string
  readonly text: string
}

/** Bumped whenever the text or meaning of a key changes: a store with older keys rebuilds them, one with newer keys is refused. */
export const KEY_ENCODING = 5
