import t from 'tap'
import { cookieValues } from '../lib/cookies.js'

const TABLE: ReadonlyArray<readonly [title: string, header: string, values: readonly string[]]> = [
  ['one among others', 'a=1; session=abc; b=2', ['abc']],
  ['alone', 'session=abc', ['abc']],
  ['without the space behind a semicolon', 'a=1;session=abc;b=2', ['abc']],
  ['with blanks around', ' \t session \t=\t abc \t ; a=1', ['abc']],
  ['empty', 'session=', ['']],
  ['of blanks only', 'session= \t ', ['']],
  ['none', 'a=1; b=2', []],
  ['no header at all', '', []],
  ['a name without a value', 'session; a=1', []],
  ['a value with an equals sign', 'session=a=b==', ['a=b==']],
  ['in quotes', 'session="abc"', ['abc']],
  ['of one quote', 'session="', ['"']],
  ['of two quotes', 'session=""', ['']],
  ['with quotes inside', 'session=a"b"c', ['a"b"c']],
  ['percent-encoded, which it stays', 'session=%22a%3Bb', ['%22a%3Bb']],
  ['twice', 'session=one; a=1; session=two', ['one', 'two']],
  ['twice the same', 'session=one; session=one', ['one', 'one']],
  ['another case, which is another name', 'Session=abc; SESSION=def', []],
  ['a longer name', 'xsession=a; session2=b; session.x=c', []],
  ['the name in a value', 'a=session=abc', []],
  ['a name of nothing', '=session; =abc', []],
  ['only semicolons', ';;;;', []]
]

for (const [title, header, values] of TABLE) {
  t.test(`a cookie: ${title}`, async (t) => { t.strictSame(cookieValues(header, 'session'), values) })
}

t.test('white space of other kinds is part of a name: a browser set it without looking at its prefix', async (t) => {
  for (const blank of ['\u00a0', '\u0085', '\ufeff', '\u2000', '\v', '\f', '\n', '\r']) {
    t.strictSame(cookieValues(`${blank}__Host-session=evil; __Host-session${blank}=evil; __Host-session=good`, '__Host-session'), ['good'], JSON.stringify(blank))
    t.strictSame(cookieValues(`__Host-session=good${blank}`, '__Host-session'), [`good${blank}`])
  }
})

t.test('names every object has are names like others', async (t) => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    t.strictSame(cookieValues('a=1', name), [])
    t.strictSame(cookieValues(`${name}=1`, name), ['1'])
  }
})

t.test('a long header is read in linear time', async (t) => {
  const started = process.cpuUsage()
  for (const header of [`session=${' '.repeat(500_000)}x`, `${' '.repeat(500_000)}x=1`, ';'.repeat(500_000), '"'.repeat(500_000), `session=${'"'.repeat(500_000)}x`, 'session=a;'.repeat(50_000)]) cookieValues(header, 'session')
  t.ok(process.cpuUsage(started).user < 1_000_000, 'less than a second of CPU time')
})
