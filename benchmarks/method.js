import { servers } from './plan.js'

/** How the numbers of a run came about. */
export function describeMethod ({ launches, rounds, requests, fresh, warmUp }, tokenLength) {
  const { label, share } = servers.getJwksES256
  const exception = `${label} with ES256, which takes milliseconds, gets ${100 * share} % of both.`
  return `${text}

${launches} launches of ${rounds} rounds; ${requests} requests in a round, ${fresh} with tokens sent once, after ${warmUp} to warm up; every
server gets as many. Only ${exception} RS256 (2048 bits) tokens have ${tokenLength} bytes.`
}

const text = `**CPU.** Every server is a process of its own with one HTTP server on loopback; only its CPU time counts
(\`process.cpuUsage()\`, user and system, all threads), divided by the requests of the round. The client is
another process: 8 keep-alive connections, one request at a time on each, ready-made bytes. A server takes
turns with the bare route of its framework, and both get the same bytes, the credential included; the order
reverses in every other round. Servers that take turns with the same bare route are a block; a scenario has several.
"Over bare" is the difference in the same round of the same block, "x verify" that difference as a multiple of
\`crypto.verify\`'s. "CPU" is all a server used: for a bare route the mean over its blocks. It stands alone too where a
server got other bytes than the bare route, as the one that serves good tokens beside garbage: a difference of the two
would mean nothing. A turn begins with requests that do not count, because the other processes emptied
the CPU's caches; garbage collection is left to V8. Medians over all rounds, quartiles in brackets. Tokens never seen
are signed before the run and sent to each server once. The second process of the bare route shows what the method
cannot tell from zero. Every answer's status is checked. Garbage is as long as a token, three parts of random
characters; where it begins as a token does (\`eyJ\`), more of it must be looked at.

**Proofs.** One token bound to one client's key, sent as DPoP, and a proof of its own with every request, made before the run; so
the servers take proofs of the last hour. "x verify" compares with one \`crypto.verify\` of the proof. Ours remembers each
proof and refuses it when it comes again; express-oauth2-jwt-bearer does not.

**Sessions.** A browser logs in at one server of the scenario, by the authorization code flow with the issuer of the run, and what it then
sends goes to every server: its Cookie header, and no Authorization. With the session in the cookie that is about 3 KB in one
cookie: an ID token and an access token of 700 to 800 bytes each, a refresh token, five claims about the person. Every server
has opened it before. With an audience, the access token of the session is an access token of this API too, and the request gets
its scopes. The rows are done within a minute of the login: after a minute a session is written down again, once.
Round trips in Redis are those of one server and one session; Redis, which runs beside it, is a process of the run.

**Throughput.** autocannon runs in the client process. Requests per second are counted from the first answer of a round to
its last, and the server's CPU in the same time. The first latency of each connection is left out: autocannon counts it
from before it connects all the others. The delay of the server's event loop is measured in the server process during the same
rounds (\`monitorEventLoopDelay\`, every millisecond). A round with an answer other than 200 fails the run.

**Attack.** Forged tokens come from a thread of their own. Latency runs from the moment a request was due by the schedule,
so that standing in line counts, and a client that comes late too. The attack without a pause keeps both cores busy, so
that it also shows the machine, not only the server; that is what the bare route beside it is for.

**Start-up and fetches.** Issuer and key server are one small HTTP server on loopback, one for each process started. The
row "clocks ahead" sets \`Date.now()\` and \`performance.now()\` of the server process forward, as a sleep of the machine
would; timers stay as they are.`
