/** The first number of the persons of a message, and how many more there are. */
export function Numbers({ of: [first, ...others] }: { readonly of: readonly string[] }) {
  if (first === undefined) return '–'
  return (
    <span title={others.length === 0 ? undefined : [first, ...others].join(', ')} translate="no">
      <bdi dir="ltr">{first}</bdi>{' '}
      {others.length === 0 ? undefined : (
        <bdi dir="ltr" className="soft">
          +{others.length}
        </bdi>
      )}
    </span>
  )
}
