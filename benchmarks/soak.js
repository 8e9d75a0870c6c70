import { parseArgs } from 'node:util'
import { describeConditions } from './machine.js'
import { writeSections } from './results-page.js'
import { musts, renderSoak } from './soak/report.js'
import { soak } from './soak/run.js'

const usage = `Usage: npm run soak -- [minutes] [options]

  minutes    how long, 10 unless told; with a length RESULTS.md stays as it is
  --write    put the result into RESULTS.md whatever the length

Ends with code 1 if a decision was wrong.`

async function main ({ minutes, write, help }) {
  if (help) return console.log(usage)
  const conditions = `- Command: \`npm run soak\`\n${describeConditions()}`
  const result = await soak(minutes, (line) => console.log(line))
  const text = renderSoak(result, conditions)
  console.log(`\n${text}`)
  if (write) writeSections({ Soak: text })
  if (write) console.log('\nWritten to benchmarks/RESULTS.md')
  if (musts(result.judge, result.last).some(([, found]) => found !== 0)) process.exitCode = 1
}

function readArguments () {
  const { values, positionals } = parseArgs({
    options: { write: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true
  })
  const [given] = positionals
  const minutes = Number(given ?? 10)
  if (positionals.length > 1 || !(minutes > 0 && minutes <= 1440)) throw new Error(`not a number of minutes\n\n${usage}`)
  return { ...values, minutes, write: values.write ?? given === undefined }
}

try {
  await main(readArguments())
} catch (error) {
  console.error(`Soak failed: ${error.message}`)
  process.exit(1)
}
