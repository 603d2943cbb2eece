import { realpath, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { Readable } from "node:stream";
import { latin1Bytes } from "../../bytes.js";
import { textIfUtf8 } from "../../cgi/variables-from-request.js";
import { ErrorCode, GatewayError } from "../../errors.js";

/** The files of a folder. Paths are byte strings, see `sitePath`. */
export interface StaticFiles {
  /** The answer to a request for a file; undefined where there is none that may be served. */
  answer(request: Request, path: string): Promise<Response | undefined>;
  /** Whether there is a file that may be served. */
  has(path: string): Promise<boolean>;
}

/** PHP sources, and what editors and backups make of their names. */
const phpSource =
  /\.(?:php\d*|phtml|phps|pht|phar|inc)(?:~|\.(?:bak|old|orig|save|swp|swo|tmp|dist|\d+))*$/i;

/**
 * Serves the files of a folder, without PHP sources and files whose path has a part that begins with
 * a dot. Symbolic links are followed, as nginx does: Laravel's `public/storage` is one.
 *
 * `@fastify/send` does ranges, conditional requests and media types. Of the libraries for static
 * files it alone returns an answer instead of writing to a `ServerResponse`, so that Fetch servers
 * have it, too.
 *
 * @throws GatewayError `bad_input` if that package is missing
 */
export async function serveStaticFiles(root: string): Promise<StaticFiles> {
  const send = await loadSend();
  const servedName = async (path: string): Promise<string | undefined> => {
    const name = fileName(path);
    return name !== undefined && (await isServed(root, name)) ? name : undefined;
  };
  return {
    has: async (path) => (await servedName(path)) !== undefined,
    async answer(request, path) {
      const name = await servedName(path);
      if (name === undefined) return undefined;
      const { method } = request;
      const asked = { method, headers: Object.fromEntries(request.headers) };
      const encoded = name.split("/").map(encodeURIComponent).join("/");
      const { statusCode, headers, stream } = await send(
        asked as unknown as Parameters<typeof send>[0],
        encoded,
        { root, index: false },
      );
      const isEmpty = method === "HEAD" || statusCode === 304;
      if (isEmpty) stream.destroy();
      const body = isEmpty ? null : (Readable.toWeb(stream) as ReadableStream<Uint8Array>);
      return new Response(body, { status: statusCode, headers });
    },
  };
}

/** Bundlers take an import in a `try` for one that need not be there. */
async function loadSend() {
  try {
    return (await import("@fastify/send")).send;
  } catch (cause) {
    throw new GatewayError(ErrorCode.BadInput, "static files need the package @fastify/send", {
      hint: "npm install @fastify/send, or leave out the option static",
      cause,
    });
  }
}

/** The name of the file that a path asks for, from the root on; undefined for one that is hidden. */
function fileName(path: string): string | undefined {
  const text = textIfUtf8(latin1Bytes(path.endsWith("/") ? `${path}index.html` : path));
  const isFile = typeof text === "string" && !/\/\.|[\\:\0]/.test(text) && !phpSource.test(text);
  return isFile ? text : undefined;
}

/** A link must not lead to a hidden file or folder of the site, or a PHP source under another name. */
async function isServed(root: string, name: string): Promise<boolean> {
  try {
    const [realRoot, real] = await Promise.all([realpath(root), realpath(join(root, name))]);
    const below = relative(realRoot, real);
    const shown = below.startsWith("..") ? basename(real) : below;
    return !/(?:^|[\\/])\./.test(shown) && !phpSource.test(real) && (await stat(real)).isFile();
  } catch {
    return false;
  }
}
