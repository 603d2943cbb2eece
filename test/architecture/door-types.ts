import { basename, join } from "node:path";
import ts from "typescript-5.7";

/** A type, or a table that types are derived from, that a door's signature names and that cannot be imported from the same door. */
export interface MissingType {
  readonly door: string;
  readonly name: string;
  /** The export whose signature names it. */
  readonly usedBy: string;
}

/**
 * Finds the types of this package, and the tables that `typeof` names, that stand in the signatures
 * of doors and are not exported there.
 */
export function findMissingTypes(declarations: string, doors: readonly string[]): MissingType[] {
  const program = ts.createProgram(
    doors.map((door) => join(declarations, door)),
    { module: ts.ModuleKind.NodeNext, strict: true, skipLibCheck: true, types: ["node"] },
  );
  return doors.flatMap((door) => {
    const file = program.getSourceFile(join(declarations, door));
    if (file === undefined) throw new Error(`${door} is not built`);
    return missingFrom(program.getTypeChecker(), file, declarations);
  });
}

function missingFrom(checker: ts.TypeChecker, door: ts.SourceFile, root: string): MissingType[] {
  const module = checker.getSymbolAtLocation(door);
  const named = module === undefined ? [] : checker.getExportsOfModule(module);
  const resolved = new Map(named.map((symbol) => [resolve(checker, symbol), symbol.name]));
  const missing = new Map<string, MissingType>();
  for (const [symbol, usedBy] of resolved) {
    for (const used of typesIn(checker, symbol, resolved)) {
      const isOurs = used.declarations?.every((each) => isModuleOf(root, ownerOf(each))) === true;
      if (!isOurs || resolved.has(used) || missing.has(used.name)) continue;
      missing.set(used.name, { door: basename(door.fileName), name: used.name, usedBy });
    }
  }
  return [...missing.values()];
}

/** What an import or a re-export stands for. */
function resolve(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What contains a declaration; for a constant, what contains its statement. */
function ownerOf(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration)
    ? declaration.parent.parent.parent
    : declaration.parent;
}

/** Whether a node is a module below `root`. What a type parameter belongs to is none. */
function isModuleOf(root: string, node: ts.Node): boolean {
  return ts.isSourceFile(node) && node.fileName.startsWith(root);
}

/**
 * The types that the declarations of an export name, without its private members. What it inherits
 * from an interface that is not exported counts as its own.
 */
function typesIn(
  checker: ts.TypeChecker,
  symbol: ts.Symbol,
  exported: ReadonlyMap<ts.Symbol, string>,
): Set<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const resolved = (name: ts.Node): ts.Symbol | undefined => {
    const used = checker.getSymbolAtLocation(name);
    return used === undefined ? undefined : resolve(checker, used);
  };
  const visit = (node: ts.Node): void => {
    if (isPrivate(node)) return;
    const base = ts.isExpressionWithTypeArguments(node) ? resolved(node.expression) : undefined;
    if (base !== undefined && !exported.has(base)) visitInterfaces(base);
    const name = nameOf(node);
    const used = name === undefined ? undefined : resolved(name);
    if (used !== undefined) found.add(used);
    ts.forEachChild(node, visit);
  };
  const visitInterfaces = (base: ts.Symbol): void => {
    for (const each of base.declarations ?? []) if (ts.isInterfaceDeclaration(each)) visit(each);
  };
  for (const declaration of symbol.declarations ?? []) visit(declaration);
  return found;
}

function isPrivate(node: ts.Node): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true;
}

function nameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}
