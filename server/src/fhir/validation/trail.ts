/** Where a check stands: FHIRPath from the resource type down. */
export class Trail {
  depth = 0
  /** As long as most resources are deep: to grow a list is slow. */
  private readonly names: string[]
  private readonly indexes: number[] = [-1, 0, 0, 0, 0, 0, 0, 0, 0, 0]

  constructor(type: string) {
    this.names = [type, '', '', '', '', '', '', '', '', '']
  }

  /** @param index -1 for an element that does not repeat */
  down(name: string, index: number): void {
    this.depth++
    this.names[this.depth] = name
    this.indexes[this.depth] = index
  }

  up(): void {
    this.depth--
  }

  /** The names of the steps below a depth. */
  below(depth: number): readonly string[] {
    return this.names.slice(depth + 1, this.depth + 1)
  }

  /** Such as `Patient.contact[0].name`. */
  path(): string {
    let text = this.names[0] ?? ''
    for (let i = 1; i <= this.depth; i++) {
      const index = this.indexes[i] ?? -1
      text += index < 0 ? `.${this.names[i]}` : `.${this.names[i]}[${index}]`
    }
    return text
  }
}
