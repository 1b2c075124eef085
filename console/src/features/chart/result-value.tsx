import type { ValueView } from '@hub/care/facility/wards.contract.ts'

import { SourceLink } from '../../ui/source-link.tsx'

export function Value({ value: { parts, resource } }: { readonly value: ValueView }) {
  return (
    <bdi dir="ltr">
      {parts.map(({ text, element }, index) => (
        <span key={element}>
          {index > 0 ? '/' : undefined}
          <SourceLink resource={resource} element={element}>
            {text}
          </SourceLink>
        </span>
      ))}
    </bdi>
  )
}
