import ts from 'typescript'

// Run by Node in the folder of a consumer, with a JSON list of command lines of tsc: a program for each, which takes
// nothing from the others but the declarations as they were parsed. Prints what each said and how it ended.

/** Parsed declarations, by name and by whether their package says ESM or CommonJS: no other option has a part in it. */
const declarations = new Map()

const outcomes = JSON.parse(process.argv[2]).map((commandLine) => {
  const { options, fileNames, errors } = ts.parseCommandLine(commandLine)
  const host = ts.createCompilerHost(options)
  const parse = host.getSourceFile
  host.getSourceFile = (fileName, settings, ...rest) => {
    if (!/\.d\.[cm]?ts$/.test(fileName)) return parse(fileName, settings, ...rest)
    const key = JSON.stringify([fileName, settings.languageVersion, settings.impliedNodeFormat])
    if (!declarations.has(key)) declarations.set(key, parse(fileName, settings, ...rest))
    return declarations.get(key)
  }
  const program = ts.createProgram(fileNames, options, host)
  const found = [...errors, ...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics]
  return { code: found.length === 0 ? 0 : 2, stdout: ts.formatDiagnostics(found, host), stderr: '' }
})
process.stdout.write(JSON.stringify(outcomes))
