import { monitorEventLoopDelay } from 'node:perf_hooks'
import { now } from '../clock.js'

// Milliseconds between two looks at the clock. The histogram counts them as delay; they are taken off again.
const resolution = 1
let histogram

/** What a server process can be asked by its parent. */
export const answers = {
  cpu () {
    const { user, system } = process.cpuUsage()
    return { cpu: user + system, at: now() }
  },

  watchLoop () {
    histogram = monitorEventLoopDelay({ resolution })
    histogram.enable()
  },

  loopDelay () {
    histogram.disable()
    const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution)
    return { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) }
  },

  // As after a sleep: the clocks that caches read are ahead, timers are not.
  moveClocks (by) {
    const date = Date.now
    const monotonic = performance.now.bind(performance)
    Date.now = () => date() + by
    performance.now = () => monotonic() + by
  }
}
