/** One import of a module, as it is written. */
export interface Import {
  /** What is imported; undefined for a dynamic import whose target is computed. */
  readonly specifier: string | undefined;
  readonly typeOnly: boolean;
}

const STATIC = /^[ \t]*(?:import|export)\b\s*(type\s)?[\w$*,{}\s]*?\bfrom\s*["']([^"'\n]+)["']/gm;
const BARE = /^[ \t]*import\s*["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\s*\(\s*(?:["'`]([^"'`\n$]+)["'`])?/g;

/** Text without its comments. Strings that look like comments keep their text. */
function withoutComments(source: string): string {
  return source.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, text: string | undefined) => text ?? " ",
  );
}

/** Finds the imports and re-exports of a module, in no particular order. */
export function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const found: Import[] = [];
  for (const [, type, specifier] of text.matchAll(STATIC)) {
    found.push({ specifier, typeOnly: type !== undefined });
  }
  for (const [, specifier] of text.matchAll(BARE)) found.push({ specifier, typeOnly: false });
  for (const match of text.matchAll(DYNAMIC)) {
    found.push({ specifier: match[1], typeOnly: false });
  }
  return found;
}

/** Whether a module has nothing in it but `export … from`. */
export function isReExportsOnly(source: string): boolean {
  const rest = withoutComments(source).replace(
    /\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[\w$,\s]*\})\s*from\s*["'][^"'\n]+["'];?/g,
    "",
  );
  return rest.trim() === "";
}
