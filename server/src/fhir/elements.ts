/** Type of an element, its marks (`*` repeats, `s` in summaries, `m` mandatory or modifier), and of a choice the name without type. */
export type ElementRow = readonly [type: string, marks: string, choice?: string]

/** Elements by type name (`Patient`, `HumanName`, `Patient.contact`) and by property as it stands in JSON. */
export type ElementTable = Readonly<Record<string, Readonly<Record<string, ElementRow>>>>

export function elementRow(table: ElementTable, type: string, property: string): ElementRow | undefined {
  const rows = Object.hasOwn(table, type) ? table[type] : undefined
  return rows && Object.hasOwn(rows, property) ? rows[property] : undefined
}

export function repeats([, marks]: ElementRow): boolean {
  return marks.includes('*')
}

/** Properties that an element name stands for: `value` for `valueQuantity` and its siblings, itself otherwise. */
export function propertiesOf(table: ElementTable, type: string, name: string): readonly string[] {
  if (elementRow(table, type, name)) return [name]
  const rows = Object.hasOwn(table, type) ? (table[type] ?? {}) : {}
  return Object.entries(rows).flatMap(([property, [, , choice]]) => (choice === name ? [property] : []))
}
