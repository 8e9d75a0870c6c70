/** How the numbers of a run came about. */
export function describeMethod ({ launches, rounds, requests, fresh }, tokenLength) {
  return `${text}

${launches} launches of ${rounds} rounds; ${requests} requests in a round, ${fresh} with tokens sent once, a quarter of that
to the peers. RS256 (2048 bits) tokens of ${tokenLength} bytes.`
}

const text = `**CPU.** Every server is a process of its own with one HTTP server on loopback; only its CPU time counts
(\`process.cpuUsage()\`, user and system, all threads), divided by the requests of the round. The client is
another process: 8 keep-alive connections, one request at a time on each, ready-made bytes. A server takes
turns with the bare route of its framework, and both get the same bytes, the Authorization header included; the order
reverses in every other round. "Over bare" is the difference in the same round, "x verify" that difference as a
multiple of \`crypto.verify\`'s. A turn begins with requests that do not count, because the other processes emptied
the CPU's caches; garbage collection is left to V8. Medians over all rounds, quartiles in brackets. Tokens never seen
are signed before the run and sent to each server once. The second process of the bare route shows what the method
cannot tell from zero. Every answer's status is checked.

**Throughput.** autocannon runs in the client process. Requests per second are counted from the first answer of a round to
its last. The delay of the server's event loop is measured in the server process during the same
rounds (\`monitorEventLoopDelay\`, every millisecond). A round with an answer other than 200 fails the run.

**Attack.** Forged tokens come from a thread of their own. Latency runs from the moment a request was due, so that
standing in line counts. The attack without a pause keeps both cores busy, so that it also shows the machine, not only
the server; that is what the bare route beside it is for.

**Start-up and fetches.** Issuer and key server are one small HTTP server on loopback, one for each process started. The
row "clocks ahead" sets \`Date.now()\` and \`performance.now()\` of the server process forward, as a sleep of the machine
would; timers stay as they are.`
