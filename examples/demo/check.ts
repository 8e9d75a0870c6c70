import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { CurlLine } from './lines.js'

const execute = promisify(execFile)

/**
 * Runs each line as printed, through a shell and curl, until one answers another status than its comment says.
 * Throws if curl is missing.
 */
export async function checkLines (lines: readonly CurlLine[]): Promise<boolean> {
  await requireCurl()
  for (const { title, curl } of lines) {
    const expected = curl.slice(-3)
    const status = await statusOf(curl)
    console.log(`${status === expected ? 'ok  ' : 'FAIL'} ${status}  ${title}\n          ${curl}`)
    if (status !== expected) return false
  }
  return true
}

async function requireCurl (): Promise<void> {
  await execute('sh', ['-c', 'command -v curl']).catch(() => {
    throw new Error('--check runs the printed lines and needs curl, which is not on the PATH')
  })
}

async function statusOf (curl: string): Promise<string> {
  // --noproxy: an http_proxy in the environment would otherwise receive loopback requests too
  const quiet = curl.replace(/^curl -i /, "curl -s -o /dev/null -w '%{http_code}' --noproxy '*' ")
  const { stdout } = await execute('sh', ['-c', quiet])
  return stdout
}
