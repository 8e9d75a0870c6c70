import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { installPeers } from './install-peers.js'
import { startIssuer } from './issuer.js'
import { currentLoad, describeRun } from './machine.js'
import { measure, tokensNeeded } from './measure.js'
import { scenarios, sizes } from './plan.js'
import { renderPage, renderTable, renderTargets } from './report.js'
import { makeTokens } from './tokens.js'
import { makeTraffic } from './traffic.js'

const usage = `Usage: npm run bench -- [options]

  --quick           less than a minute, rough numbers; RESULTS.md stays as it is
  --smoke           a few requests to every server: does it all run?; RESULTS.md stays as it is
  --only <ids>      only these, separated by commas: ${scenarios.map(({ id }) => id).join(', ')}; RESULTS.md stays as it is`

async function main ({ quick, smoke, only, help }) {
  if (help) return console.log(usage)
  const chosen = only ? scenarios.filter(({ id }) => only.split(',').includes(id)) : scenarios
  if (chosen.length === 0) throw new Error(`nothing to measure\n\n${usage}`)

  installPeers()
  const size = sizes[smoke ? 'smoke' : quick ? 'quick' : 'full']
  const load = currentLoad()
  const issuer = await startIssuer()
  const tokens = await makeTokens(issuer, tokensNeeded(size))
  const results = await measureAll(chosen, makeTraffic(tokens), size, issuer)
  issuer.stop()

  const lines = describeRun(load)
  const measured = renderTable(chosen, results)
  const targets = renderTargets(results)
  console.log(`${lines.join('\n')}\n\n${measured}\n`)
  if (smoke) return console.log('A smoke run: every server answered as it should. The numbers mean nothing.')

  console.log(targets)
  if (quick || only) return

  const page = renderPage({ lines, tokenLength: tokens.rs256[0].length, size, measured, targets })
  writeFileSync(new URL('RESULTS.md', import.meta.url), page)
  console.log('\nWritten to benchmarks/RESULTS.md')
}

// Launches of the scenarios alternate, so that a slow minute of the machine does not fall on one of them alone.
async function measureAll (chosen, traffics, size, { issuer, audience, jwksUri, jwks }) {
  const results = new Map(chosen.map(({ id }) => [id, []]))
  for (let launch = 1; launch <= size.launches; launch++) {
    for (const scenario of chosen) {
      console.error(`${scenario.title}: launch ${launch} of ${size.launches}`)
      results.get(scenario.id).push(...await measure(scenario, traffics, size, { issuer, audience, jwksUri, jwks }))
    }
  }
  return results
}

function readArguments () {
  return parseArgs({
    options: {
      quick: { type: 'boolean' },
      smoke: { type: 'boolean' },
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
