interface HeadsProps {
  /** A text a column; `false` for one that is not shown to this person. */
  readonly of: readonly (Head | false)[]
}

/** The head of a column of figures stands over their end. */
export type Head = string | { readonly figures: string }

/** The head of a table. */
export function Heads({ of }: HeadsProps) {
  return (
    <thead>
      <tr>
        {of.map((head) => {
          if (head === false) return undefined
          const text = headText(head)
          return (
            <th key={text} scope="col" {...(typeof head === 'string' ? {} : { className: 'number' })}>
              {text}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

export function headText(head: Head): string {
  return typeof head === 'string' ? head : head.figures
}
