// The API reference, docs/api/: a page for each door, made from the doc comments of the built types.
// TypeScript 7 has no API for this, so TypeScript 5.7 reads them.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript-5.7";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** The doors. A symbol of several is described at the first of them. */
const DOORS = Object.keys(exports).flatMap((door) => {
  if (door === "./package.json") return [];
  return [door === "." ? "index" : door.slice("./".length)];
});
const KINDS = ["Functions", "Classes", "Constants", "Types"];

const printer = ts.createPrinter({ removeComments: true });
const code = (text) => `\`\`\`ts\n${text}\n\`\`\`\n`;
const anchor = (name) => name.toLowerCase();
const doorName = (door) => (door === "index" ? "fcgi-probe" : `fcgi-probe/${door}`);

/** The pages of docs/api/ by their path. */
export function apiDocs() {
  const files = DOORS.map((door) => join(root, "dist", `${door}.d.ts`));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: ["node"],
  });
  const checker = program.getTypeChecker();
  const homes = new Map();
  const pages = DOORS.map((door, at) => {
    const source = program.getSourceFile(files[at]);
    const symbols = checker
      .getExportsOfModule(checker.getSymbolAtLocation(source))
      .map((symbol) => ({ name: symbol.name, symbol: resolve(checker, symbol) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, symbol } of symbols) {
      if (!homes.has(symbol)) homes.set(symbol, `${door}.md#${anchor(name)}`);
    }
    return { door, source, symbols };
  });
  return new Map(
    pages.map((page) => [`docs/api/${page.door}.md`, renderDoor(page, homes, checker)]),
  );
}

function resolve(checker, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function renderDoor({ door, source, symbols }, homes, checker) {
  const names = new Map(symbols.map(({ name, symbol }) => [name, homes.get(symbol)]));
  const link = (name) => {
    const home = names.get(name);
    if (home === undefined) return `\`${name}\``;
    return `[\`${name}\`](${home.startsWith(`${door}.md#`) ? home.slice(door.length + 3) : home})`;
  };
  const own = symbols.filter(
    ({ name, symbol }) => homes.get(symbol) === `${door}.md#${anchor(name)}`,
  );
  const others = symbols.filter((each) => !own.includes(each));
  const sections = KINDS.flatMap((kind) => {
    const found = own.filter(({ symbol }) => kindOf(symbol) === kind);
    if (found.length === 0) return [];
    const entries = found.map(({ name, symbol }) => renderSymbol(name, symbol, { checker, link }));
    return [`## ${kind}\n\n${entries.join("\n")}`];
  });
  const also = others.map(({ name }) => link(name)).join(", ");
  return [
    `# ${doorName(door)}\n`,
    "Made by `npm run manual` from the doc comments. The types of the package have the same text.\n",
    `${descriptionOf(source)}\n`,
    ...sections,
    ...(also === "" ? [] : [`## Described elsewhere\n\n${also}\n`]),
  ].join("\n");
}

/** The comment at the head of a door. */
function descriptionOf(source) {
  const [comment] = ts.getLeadingCommentRanges(source.text, 0) ?? [];
  if (comment === undefined) throw new Error(`${source.fileName} does not say what it is`);
  const text = source.text.slice(comment.pos + 3, comment.end - 2);
  return text.replaceAll(/^[ \t]*\*? ?/gm, "").trim();
}

function kindOf({ flags }) {
  if (flags & ts.SymbolFlags.Function) return "Functions";
  if (flags & ts.SymbolFlags.Class) return "Classes";
  return flags & ts.SymbolFlags.Variable ? "Constants" : "Types";
}

function renderSymbol(name, symbol, context) {
  const declarations = symbol.declarations ?? [];
  const parts = declarations.flatMap((declaration) => {
    const members = membersOf(declaration);
    if (members === undefined) return [code(printed(declaration))];
    return [code(headOf(declaration)), ...renderMembers(members, context)];
  });
  return `### ${name}\n\n${documentation(symbol, context)}${parts.join("\n")}`;
}

/** The members of a declaration that are documented one by one. */
function membersOf(declaration) {
  if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) {
    return declaration.members;
  }
  const type = declaration.type;
  return type !== undefined && ts.isTypeLiteralNode(type) ? type.members : undefined;
}

function renderMembers(members, context) {
  const lines = members.flatMap((member) => {
    if (!isPublic(member)) return [];
    const symbol = member.symbol ?? context.checker.getSymbolAtLocation(member.name ?? member);
    const text = symbol === undefined ? "" : memberDocumentation(member, symbol, context);
    return [`- \`${printed(member)}\`${text === "" ? "" : `  \n  ${text}`}`];
  });
  return lines.length === 0 ? [] : [`${lines.join("\n")}\n`];
}

function isPublic(member) {
  const flags = ts.getCombinedModifierFlags(member);
  const isHidden = flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
  return !isHidden && !(member.name !== undefined && ts.isPrivateIdentifier(member.name));
}

/** A declaration in one piece, without comments. */
function printed(node) {
  const text = printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replace(/^export (?:declare )?/, "")
    .replace(/;$/, "");
  const isDeclaration = ts.isFunctionDeclaration(node) || ts.isTypeAliasDeclaration(node);
  if (ts.isVariableDeclaration(node)) return `const ${text}`;
  return isDeclaration ? text : text.replaceAll(/\s+/g, " ");
}

/** The head of an interface, class or constant, whose members follow. */
function headOf(declaration) {
  const { name } = declaration;
  if (ts.isVariableDeclaration(declaration)) return `const ${name.text}`;
  if (ts.isTypeAliasDeclaration(declaration)) return `type ${name.text}`;
  return printed(declaration)
    .replace(/^(?:abstract )?(?=class|interface)/, "")
    .replace(/ \{.*$/s, "");
}

function memberDocumentation(member, symbol, context) {
  const isMethod = ts.isMethodSignature(member) || ts.isMethodDeclaration(member);
  // An overload has a comment of its own.
  const signature = isMethod ? context.checker.getSignatureFromDeclaration(member) : undefined;
  const source = signature ?? symbol;
  const text = textOf(source.getDocumentationComment(context.checker), context);
  const tags = source.getJsDocTags(context.checker);
  return [text, ...tags.map((tag) => tagText(tag, context))]
    .filter((part) => part !== "")
    .join("\n\n")
    .replaceAll("\n", "\n  ");
}

function documentation(symbol, context) {
  const { checker } = context;
  const text = textOf(symbol.getDocumentationComment(checker), context);
  const tags = symbol.getJsDocTags(checker).map((tag) => tagText(tag, context));
  const parts = [text, tags.join("\n")].filter((part) => part !== "");
  return parts.map((part) => `${part}\n\n`).join("");
}

function tagText({ name, text = [] }, context) {
  const said = textOf(text, context);
  switch (name) {
    case "param": {
      const [, parameter, what] = /^(\S+)\s*(?:- )?(.*)$/s.exec(said) ?? [];
      return `- \`${parameter}\`: ${what}`;
    }
    case "returns":
      return `- Returns ${said}`;
    case "throws":
      return `- Throws ${said}`;
    case "example":
      return said.startsWith("```") ? said : code(said).trimEnd();
    default:
      return `- ${name}: ${said}`;
  }
}

/** The text of a comment as Markdown. */
function textOf(parts, { link }) {
  return parts
    .map(({ kind, text }) => {
      if (kind === "linkText" || kind === "linkName") return link(text.trim());
      return kind === "link" ? "" : text;
    })
    .join("")
    .trim();
}
