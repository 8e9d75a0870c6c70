import { scenarios } from './plan.js'
import { spread } from './statistics.js'
import { fixed as withDigits, grouped } from './table.js'
import { overhead } from './targets.js'

// The bars of each path, by the ids of plan.js; where a peer has a cache of verified tokens, with it.
const paths = {
  seen: ['ours', 'jwksCached', 'getJwksCached', 'jose', 'bearer'],
  thousand: ['ours', 'jwksCached', 'getJwksCached'],
  rs256: ['raw', 'ours', 'jwks', 'getJwks', 'jose', 'bearer'],
  es256: ['raw', 'ours', 'getJwksES256', 'jose', 'bearer'],
  dpop: ['raw', 'ours', 'bearer'],
  garbage: ['ours', 'jwks', 'getJwks', 'jose', 'bearer'],
  lookalike: ['ours', 'jwks', 'getJwks', 'jose', 'bearer']
}

const width = 880
const left = 250
const right = 110
const top = 88
const row = 20
const gap = 34
const longest = 150
const scale = (width - left - right) / longest

/** Bars of the CPU time over bare, path by path, as SVG. `results`: the rounds of each scenario, by its id. */
export function drawPicture (results, caption) {
  const body = []
  let y = top
  for (const { id, title, servers } of scenarios.filter(({ id }) => id in paths)) {
    body.push(text(20, y + 14, title, 'class="title"'))
    y += gap - 10
    for (const server of paths[id]) {
      body.push(bar(y, server, servers.get(server).label, spread(overhead(results.get(id), server))))
      y += row
    }
    y += gap - row
  }
  return svg(y + 24, [
    text(20, 30, 'CPU time a request costs over a bare route', 'class="head"'),
    text(20, 50, 'Microseconds of the server process, medians; the thin line spans the quartiles. Shorter is better.', 'class="note"'),
    ...axis(y),
    ...body,
    text(20, y + 14, caption, 'class="note"')
  ])
}

function bar (y, server, label, { median, low, high }) {
  const kind = server === 'ours' ? 'ours' : server === 'raw' ? 'raw' : 'peer'
  const end = left + Math.max(1, Math.min(median, longest) * scale)
  const isCut = median > longest
  const value = `${median < 9.95 ? withDigits(median, 1) : grouped(median)} µs${isCut ? ', cut' : ''}`
  const clip = (x) => left + Math.max(0, Math.min(x, longest)) * scale
  const parts = [
    text(left - 10, y + 13, label, `text-anchor="end"${kind === 'ours' ? ' class="strong"' : ''}`),
    `<rect x="${left}" y="${y + 3}" width="${fixed(end - left)}" height="13" class="${kind}"/>`
  ]
  if (isCut) {
    // Two slanted gaps: the bar goes on far beyond the picture.
    for (const x of [end - 34, end - 24]) parts.push(`<path d="M${x} ${y + 19}l6 -19" class="cut"/>`)
  } else {
    parts.push(`<path d="M${fixed(clip(low))} ${y + 9.5}H${fixed(clip(high))}" class="quartiles"/>`)
  }
  const after = isCut ? end : Math.max(end, clip(high))
  parts.push(text(fixed(after + 6), y + 13, value, kind === 'ours' ? 'class="strong"' : ''))
  return parts.join('')
}

function axis (bottom) {
  return Array.from({ length: longest / 25 + 1 }, (_, i) => i * 25).map((value) => {
    const x = fixed(left + value * scale)
    return `<path d="M${x} ${top - 8}V${bottom - 8}" class="grid"/>${text(x, top - 13, `${value} µs`, 'text-anchor="middle" class="note"')}`
  })
}

function svg (height, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="CPU time per request over a bare route">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-size: 17px; font-weight: 600 }
.title, .strong { font-weight: 600 }
.note { font-size: 12px; fill: #57606a }
.ours { fill: #1a7f64 }
.peer { fill: #a8b3bf }
.raw { fill: #ffffff; stroke: #57606a; stroke-dasharray: 3 2 }
.grid { stroke: #e4e8ec }
.quartiles { stroke: #24292f; stroke-width: 1.5 }
.cut { stroke: #ffffff; stroke-width: 4 }
</style>
<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`
}

const fixed = (number) => Number(withDigits(number, 1))

const text = (x, y, content, attributes = '') => `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`

const escape = (content) => content.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
