import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { installPeers, peers } from './install-peers.js'
import { startIssuer } from './issuer.js'
import { Conditions } from './machine.js'
import { measure, tokensNeeded } from './measure.js'
import { describeMethod } from './method.js'
import { drawPicture } from './picture.js'
import { scenarios, sizes } from './plan.js'
import { renderTable, renderTargets } from './report.js'
import { writeSections } from './results-page.js'
import { makeTokens } from './tokens.js'
import { makeTraffic } from './traffic.js'

const partIds = ['throughput', 'attack', 'startup', 'fetches', 'redis']

const usage = `Usage: npm run bench -- [options]

  --quick           less than a minute: CPU time only, rough numbers
  --smoke           a few requests to every server: does it all run?
  --force           write the results although the machine is busy with other programs
  --only <ids>      only these, separated by commas:
                    ${scenarios.map(({ id }) => id).join(', ')},
                    ${partIds.join(', ')}

Only a run of everything writes RESULTS.md and results.svg, and not where the load is above 0.5 a core when it begins.
A missed target does not change the exit code; a wrong answer does.`

async function main ({ quick, smoke, only, force, help }) {
  if (help) return console.log(usage)
  const ids = only?.split(',') ?? [...scenarios.map(({ id }) => id), ...quick && !smoke ? [] : partIds]
  const unknown = ids.filter((id) => !partIds.includes(id) && !scenarios.some((scenario) => scenario.id === id))
  if (unknown.length > 0) throw new Error(`nothing is called ${unknown.join(', ')}\n\n${usage}`)

  const conditions = new Conditions()
  const writes = !(quick || smoke || only)
  if (writes && conditions.isBusy && !force) {
    throw new Error(`the machine is busy, so that nothing was measured:\n${conditions.describe()}\nWait, or use --force; --only and --quick write nothing and always run`)
  }
  installPeers()
  const size = sizes[smoke ? 'smoke' : quick ? 'quick' : 'full']
  const { sections, results, tokenLength } = await measureAll(ids, size, smoke)

  const description = conditions.describe(peers)
  console.log(`${description}\n`)
  for (const [heading, text] of Object.entries(sections)) console.log(`## ${heading}\n\n${text}\n`)
  if (smoke) return console.log('A smoke run: every server answered as it should. The numbers mean nothing.')
  if (quick) console.log('A quick run, one launch and a short warm-up: the numbers are rough, and servers look dearer than they are.')
  if (!writes) return

  // First of all: what cannot be drawn must not be written either.
  const picture = drawPicture(results, conditions.machine)

  const [[first, table], ...others] = Object.entries(sections)
  const head = `- Command: \`npm run bench\`, for this section and the next ones up to Method\n${description}`
  writeSections({
    [first]: `${head}\n\n![CPU time of every server over a bare route, by path](results.svg)\n\n${table}`,
    ...Object.fromEntries(others),
    Method: describeMethod(size, tokenLength)
  })
  writeFileSync(new URL('results.svg', import.meta.url), picture)
  console.log('Written to benchmarks/RESULTS.md and benchmarks/results.svg')
}

async function measureAll (ids, size, smoke) {
  const issuer = await startIssuer()
  const tokens = await makeTokens(issuer, tokensNeeded(size))
  const supplies = { issuer, traffics: makeTraffic(tokens) }
  const chosen = scenarios.filter(({ id }) => ids.includes(id))
  const results = await measureScenarios(chosen, size, supplies)

  const sections = {}
  const add = (heading, text) => { sections[heading] = heading in sections ? `${sections[heading]}\n\n${text}` : text }
  if (chosen.length > 0) add('CPU of the server process per request', renderTable(chosen, results, !smoke))
  // Only now: it needs a peer that may have been installed a moment ago.
  const { parts } = await import('./parts.js')
  for (const { id, section, measure, render } of parts.filter(({ id }) => ids.includes(id))) {
    results.set(id, await measure(size[id], supplies))
    add(section, render(results.get(id), size[id]))
  }
  const targets = smoke ? '' : renderTargets(results)
  if (targets !== '') add('Targets', targets)
  issuer.stop()
  return { sections, results, tokenLength: tokens.rs256[0].length }
}

// Launches of the scenarios alternate, so that a slow minute of the machine does not fall on one of them alone.
async function measureScenarios (chosen, size, { issuer, traffics }) {
  const results = new Map(chosen.map(({ id }) => [id, []]))
  for (let launch = 1; launch <= size.launches; launch++) {
    for (const scenario of chosen) {
      console.error(`${scenario.title}: launch ${launch} of ${size.launches}`)
      results.get(scenario.id).push(...await measure(scenario, traffics, size, issuer.config))
    }
  }
  return results
}

function readArguments () {
  return parseArgs({
    options: {
      quick: { type: 'boolean' },
      smoke: { type: 'boolean' },
      force: { type: 'boolean' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' }
    }
  }).values
}

try {
  await main(readArguments())
} catch (error) {
  console.error(`Benchmark failed: ${error.message}`)
  process.exit(1)
}
