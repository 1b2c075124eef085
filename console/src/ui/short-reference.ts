/** The type and the end of the id, by which things are told apart: `Patient …04982236` of a long one, `Patient 1` of a short one. */
export function shortReference(reference: string): string {
  const [type = '', id = ''] = reference.split('/')
  return `${type} ${id.length > SHORT_ID ? `…${id.slice(-SHORT_ID)}` : id}`
}

const SHORT_ID = 8
