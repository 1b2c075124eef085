import { useTheme } from '@mui/material/styles'
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'

import 'uplot/dist/uPlot.min.css'

import { site } from './site.ts'

interface TrendChartProps {
  /** Milliseconds UTC, oldest first. */
  readonly timesMs: readonly number[]
  /** One list of values for each line; NaN where there is none. */
  readonly lines: readonly (readonly number[])[]
  /** Which of the times has a value that is critical. */
  readonly worst: readonly boolean[]
  /** The usual range, as a band behind the curve. */
  readonly usual: readonly [low: number, high: number] | undefined
  readonly label: string
}

const HEIGHT = 200

/** A small curve outside of React: time runs from left to right in every language. */
export function TrendChart({ timesMs, lines, worst, usual, label }: TrendChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const { palette, typography } = useTheme()
  useEffect(() => {
    const box = place.current
    if (box === null) return undefined
    const axis = {
      stroke: palette.text.secondary,
      grid: { stroke: palette.divider, width: 1 },
      ticks: { stroke: palette.divider, width: 1 },
      font: `12px ${typography.fontFamily}`,
    }
    const series = lines.map(() => ({
      stroke: palette.primary.main,
      width: 1.5,
      points: { show: true, size: 6, fill: palette.background.paper },
    }))
    const loud = lines.map(() => ({
      stroke: palette.flag.highText,
      width: 0,
      points: { show: true, size: 9, fill: palette.flag.highText },
    }))
    const options: uPlot.Options = {
      width: box.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), site.zone),
      scales: {
        x: { range: (_chart, least, most) => (least === most ? [least - 3600, most + 3600] : [least, most]) },
      },
      axes: [{ ...axis, values: TIME_LABELS }, axis],
      series: [{}, ...series, ...loud],
      padding: [8, 16, 0, 0],
      hooks: { drawClear: [(chart) => drawBand(chart, usual, palette.flag.okSoft)] },
    }
    const values = lines.map((line) => line.map((value) => (Number.isNaN(value) ? undefined : value)))
    const critical = values.map((line) => line.map((value, index) => (worst[index] ? value : undefined)))
    const chart = new uPlot(options, [timesMs.map((time) => time / 1000), ...values, ...critical], box)
    const resized = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: HEIGHT }))
    resized.observe(box)
    return () => {
      resized.disconnect()
      chart.destroy()
    }
  }, [timesMs, lines, worst, usual, palette, typography])
  return <div ref={place} dir="ltr" role="img" aria-label={label} style={{ height: HEIGHT }} />
}

function drawBand(chart: uPlot, usual: TrendChartProps['usual'], colour: string): void {
  if (usual === undefined) return
  const { ctx, bbox } = chart
  const place = (value: number) =>
    Math.min(bbox.top + bbox.height, Math.max(bbox.top, chart.valToPos(value, 'y', true)))
  const [bottom, top] = [place(usual[0]), place(usual[1])]
  ctx.save()
  ctx.fillStyle = colour
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top)
  ctx.restore()
}

/** 24 h clock, day below where it changes. */
const TIME_LABELS: uPlot.Axis.Values = [
  [3600 * 24 * 365, '{YYYY}', null, null, null, null, null, null, 1],
  [3600 * 24 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [3600 * 24, '{D}-{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D}-{MMM}', null, '\n{D}-{MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D}-{MMM}', null, '\n{D}-{MMM}', null, null, null, 1],
]
