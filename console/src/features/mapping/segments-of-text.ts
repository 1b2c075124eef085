interface Segment {
  readonly label: string
  readonly fields: readonly { readonly position: string; readonly text: string }[]
}

const HEADERS = new Set(['MSH', 'BHS', 'FHS'])

/** The segments of a message that was pasted, labelled as the hub labels them: `OBX[2]` where there are several. */
export function segmentsOfText(text: string): readonly Segment[] {
  const lines = text.split(/[\r\n]+/).filter((line) => /^[A-Z][A-Z\d]{2}/.test(line))
  const separator = lines[0]?.charAt(3) ?? '|'
  const total = Map.groupBy(lines, (line) => line.slice(0, 3))
  const seen = new Map<string, number>()
  return lines.map((line) => {
    const name = line.slice(0, 3)
    const number = (seen.get(name) ?? 0) + 1
    seen.set(name, number)
    const label = (total.get(name)?.length ?? 0) > 1 ? `${name}[${number}]` : name
    // In a header the separator itself is field 1.
    const texts = HEADERS.has(name)
      ? [separator, ...line.split(separator).slice(1)]
      : line.split(separator).slice(1)
    const fields = texts.map((field, index) => ({ position: `${label}-${index + 1}`, text: field }))
    return { label, fields: fields.filter((field) => field.text !== '') }
  })
}
