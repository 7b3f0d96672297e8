import { dirname } from 'node:path'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import { API, SymbolFlags } from 'typescript/unstable/sync'

const members = new Set([
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.PropertySignature,
])

/**
 * Names what is exported without a doc comment: a name, or a member or option within it, however deep.
 *
 * @param tsconfig Has the `entries` (declaration files) among its files.
 * @param folder What is declared elsewhere is somebody else's to document.
 */
export function undocumented(tsconfig: string, entries: string[], folder: string): string[] {
  const api = new API({ cwd: dirname(tsconfig) })
  try {
    return search(api, tsconfig, entries, folder)
  } finally {
    api.close()
  }
}

function search(api: API, tsconfig: string, entries: string[], folder: string): string[] {
  const project = api.updateSnapshot({ openProjects: [tsconfig] }).getProject(tsconfig)
  if (!project) throw new Error(`TypeScript did not open ${tsconfig}.`)
  const { checker, program } = project
  const missing = new Set<string>()

  function visit(node: Node, path: string): void {
    const name = 'name' in node ? (node.name as Node) : undefined
    if (name?.kind === SyntaxKind.PrivateIdentifier || /^private\b/.test(node.getText())) return
    if (members.has(node.kind)) {
      path += `.${name?.getText() ?? 'constructor'}`
      const symbol = name && checker.getSymbolAtLocation(name)
      if (symbol ? !checker.getDocumentationCommentOfSymbol(symbol) : !node.jsDoc?.length) missing.add(path)
    }
    node.forEachChild((child) => visit(child, path))
  }

  for (const entry of entries) {
    const file = program.getSourceFile(entry)
    const module = file && checker.getSymbolAtLocation(file)
    if (!module) throw new Error(`${entry} exports nothing.`)
    for (const name of checker.getExportsOfModule(module)) {
      const symbol = name.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name
      const declarations = symbol.declarations.filter(({ path }) => path.startsWith(folder))
      if (declarations.length && !checker.getDocumentationCommentOfSymbol(symbol)) missing.add(name.name)
      for (const declaration of declarations) {
        const node = declaration.resolve(project)
        if (!node) throw new Error(`TypeScript lost the declaration of ${name.name}.`)
        visit(node, name.name)
      }
    }
  }
  return [...missing].sort()
}
