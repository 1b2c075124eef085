import { problemsOfBatch, problemsOfFile, type Batches } from './batch.ts'
import { timeStamp } from './time-stamp.ts'

/** The answers to the messages of batches, each in a batch of its own that names the one which it answers. */
export function buildBatchAck(
  { messages, files }: Batches,
  /** In the order of the messages; `undefined` where none is wanted. */
  answers: readonly (Buffer | undefined)[],
  { controlIds, nowMs }: { readonly controlIds: () => string; readonly nowMs: number },
): Buffer {
  const answerTo = new Map(messages.map((message, at) => [message, answers[at]]))
  const parts = files.flatMap((file) => [
    ...headerOf(file.header, controlIds, nowMs),
    ...file.batches.flatMap((batch) => {
      const own = batch.messages.flatMap((message) => answerTo.get(message) ?? [])
      const { header } = batch
      return [
        ...headerOf(header, controlIds, nowMs),
        ...own,
        ...trailerOf('BTS', header, [own.length, problemsOfBatch(batch)]),
      ]
    }),
    ...trailerOf('FTS', file.header, [file.batches.length, problemsOfFile(file)]),
  ])
  return Buffer.concat(parts)
}

function trailerOf(
  name: string,
  header: string | undefined,
  [count, problems]: readonly [number, readonly string[]],
): Buffer[] {
  if (header === undefined) return []
  const fields = [name, count, ...(problems.length === 0 ? [] : [problems.join('; ')])]
  return [lineOf(fields.join(header.charAt(3)))]
}

/** FHS and BHS: 3 to 6 are the ends, 7 the time, 11 the own control id, 12 the one that is answered. */
function headerOf(line: string | undefined, controlIds: () => string, nowMs: number): Buffer[] {
  if (line === undefined) return []
  const bar = line.charAt(3)
  const fields = line.split(bar)
  const field = (number: number) => fields[number - 1] ?? ''
  const ends = [field(5), field(6), field(3), field(4)]
  const parts = [field(1), field(2), ...ends, timeStamp(nowMs), '', '', '', controlIds(), field(11)]
  return [lineOf(parts.join(bar))]
}

function lineOf(text: string): Buffer {
  return Buffer.from(`${text}\r`, 'latin1')
}
