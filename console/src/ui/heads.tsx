interface HeadsProps {
  /** A text a column; `false` for one that is not shown to this person. */
  readonly of: readonly (string | Figures | false)[]
}

/** The head of a column of figures stands over their end. */
interface Figures {
  readonly figures: string
}

/** The head of a table. */
export function Heads({ of }: HeadsProps) {
  return (
    <thead>
      <tr>
        {of.map((column) => {
          if (column === false) return undefined
          const [text, isText] = typeof column === 'string' ? [column, true] : [column.figures, false]
          return (
            <th key={text} scope="col" {...(isText ? {} : { className: 'number' })}>
              {text}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}
