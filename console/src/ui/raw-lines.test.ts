import { expect, it } from 'vitest'

import { piecesOf } from './raw-lines.tsx'

const shown = (text: string) => piecesOf(text).map((piece) => piece.shown)

it('shows the ends of segments and begins a line behind them', () => {
  expect(shown('MSH|^~\\&\rPID|1\r\nPV1\n')).toEqual(['MSH|^~\\&', '␍\n', 'PID|1', '␍␊\n', 'PV1', '␊\n'])
})

it('shows other control characters where they stand', () => {
  expect(shown('A\u0000B\u000b\t\u007f')).toEqual(['A', '␀', 'B', '␋', '␉', '␡'])
})
