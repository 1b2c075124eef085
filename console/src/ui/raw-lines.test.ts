import { expect, it } from 'vitest'

import { piecesOf } from './raw-lines.tsx'

const drawn = (text: string) => piecesOf(text).map(({ shown, control }) => [shown, control])

it('names the ends of segments and begins a line behind them', () => {
  expect(drawn('MSH|^~\\&\rPID|1\r\nPV1\n')).toEqual([
    ['MSH|^~\\&', undefined],
    ['\n', 'CR'],
    ['PID|1', undefined],
    ['\n', 'CR LF'],
    ['PV1', undefined],
    ['\n', 'LF'],
  ])
})

it('names other control characters where they stand, outside of the text', () => {
  const names = drawn('A\u0000B\u000b\t\u007f').map(([shown, control]) => control ?? shown)
  expect(names).toEqual(['A', 'NUL', 'B', 'VT', 'HT', 'DEL'])
  expect(piecesOf('A\u0000B').map(({ shown }) => shown)).toEqual(['A', '', 'B'])
})
