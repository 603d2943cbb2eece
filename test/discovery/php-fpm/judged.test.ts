// biome-ignore-all lint/suspicious/noTemplateCurlyInString: php-fpm replaces them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkPools } from "../../../src/discovery/php-fpm/check-pools.js";
import { readSections } from "../../../src/discovery/php-fpm/read-configuration.js";
import { GatewayError } from "../../../src/errors.js";
import { judge } from "./judge.js";

const folder = mkdtempSync(join(tmpdir(), "fcgi-judge-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = [
  "prefix user group listen listen.backlog listen.acl_users listen.acl_groups listen.owner",
  "listen.group listen.mode listen.allowed_clients pm pm.max_children pm.start_servers",
  "pm.min_spare_servers pm.max_spare_servers pm.max_spawn_rate pm.process_idle_timeout",
  "pm.max_requests pm.status_path pm.status_listen ping.path access.log slowlog",
  "request_slowlog_timeout request_terminate_timeout chroot",
].flatMap((line) => line.split(" "));
const environment: Record<string, string> = { CHILDREN: "7", WHERE: "/run/x", EMPTY: "" };
let count = 0;

/** Writes a configuration: a text, or its files by their names, the main one called `main`. */
function write(files: string | Record<string, string>): string {
  const own = join(folder, `${count++}`);
  const all = typeof files === "string" ? { main: files } : files;
  for (const [name, text] of Object.entries(all)) {
    const path = join(own, name);
    mkdirSync(dirname(path), { recursive: true });
    const log = name === "main" ? `[global]\nerror_log = ${folder}/error.log\n` : "";
    writeFileSync(path, log + text.replaceAll("@", own));
  }
  return join(own, "main");
}

/** The values by our reader in the words of php-fpm -tt; `undefined` where it refuses the file. */
function ours(file: string): Map<string, Map<string, string>> | undefined {
  try {
    const lookUp = (name: string) => environment[name] ?? "";
    const pools = checkPools(readSections(file, { prefix: "/usr", lookUp }), "/usr");
    return new Map(
      pools.map((pool) => {
        const isNumber = /^(listen\.backlog|pm\.(max|min|start|process)_.*)$/;
        const value = (name: string) => {
          if (name.startsWith("request_")) return `${pool.number(name)}s`;
          if (isNumber.test(name)) return `${pool.number(name)}`;
          return pool.text(name) ?? "undefined";
        };
        return [pool.name, new Map(names.map((name) => [name, value(name)]))];
      }),
    );
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

/** Both must refuse the file, or agree on every value of every pool. */
function compare(file: string): "refused" | Map<string, Map<string, string>> {
  const verdict = judge(file, environment);
  const found = ours(file);
  if (!verdict.isAccepted) {
    expect(found, verdict.output).toBeUndefined();
    return "refused";
  }
  expect(found, verdict.output).toBeDefined();
  const judged = new Map(
    [...verdict.sections]
      .filter(([name]) => name !== "global")
      .map(([name, values]) => {
        return [name, new Map(names.map((each) => [each, values.get(each) ?? "missing"]))];
      }),
  );
  expect(found).toEqual(judged);
  return found as Map<string, Map<string, string>>;
}

const pool = (text: string, name = "www", listen = "9001") =>
  `[${name}]\nlisten = ${listen}\npm = static\npm.max_children = 4\n${text}\n`;
const settingOf = (text: string, name: string) => {
  const found = compare(write(pool(text)));
  return found === "refused" ? found : found.get("www")?.get(name);
};

describe("php-fpm's reader and ours agree", () => {
  it.each([
    ["a comment at the start of a line", "; listen = 1", "listen", "9001"],
    ["a comment after a value", "listen = 9002 ; hi", "listen", "9002"],
    ["a comment without a blank before it", "listen = 9002;hi", "listen", "9002"],
    ["double quotes", 'slowlog = "/tmp/a b;c"', "slowlog", "/tmp/a b;c"],
    ["single quotes", "slowlog = '/tmp/a b'", "slowlog", "/tmp/a b"],
    ["quotes beside words", "slowlog = \"/tmp\"/a'b'", "slowlog", "/tmp/ab"],
    [
      "an escape in quotes",
      'listen.allowed_clients = "a\\"b\\\\c\\d"',
      "listen.allowed_clients",
      'a"b\\c\\d',
    ],
    ["blanks around", "  listen   =\t9003   ", "listen", "9003"],
    ["a line of Windows", "listen = 9003\r", "listen", "9003"],
    ["no blanks", "listen=9003", "listen", "9003"],
    ["capitals in a name", "PM.Max_Children = 3", "pm.max_children", "3"],
    ["the last of two", "listen = 1\nlisten = 9005", "listen", "9005"],
    ["an integer with |", "pm.max_children = 5|2", "pm.max_children", "7"],
    ["an integer in parentheses", "pm.max_children = (3)", "pm.max_children", "3"],
    ["not of not", "pm.max_children = !!8", "pm.max_children", "1"],
    ["an environment variable", "pm.max_children = ${CHILDREN}", "pm.max_children", "7"],
    ["a variable in a path", "slowlog = ${WHERE}/s.log", "slowlog", "/run/x/s.log"],
    ["a variable in quotes", 'slowlog = "${WHERE}/s.log"', "slowlog", "/run/x/s.log"],
    ["minutes", "request_terminate_timeout = 2m", "request_terminate_timeout", "120s"],
    ["plain seconds", "request_terminate_timeout = 90", "request_terminate_timeout", "90s"],
    ["hours", "request_terminate_timeout = 1h", "request_terminate_timeout", "3600s"],
    ["days", "request_terminate_timeout = 1d", "request_terminate_timeout", "86400s"],
    ["$pool", "pm.status_path = /$pool/$pool", "pm.status_path", "/www/www"],
    ["a dollar at the end", "listen.mode = a$", "listen.mode", "a$"],
    ["an apostrophe that none closes", "listen.mode = x y'z", "listen.mode", "x y"],
    ["empty quotes", 'listen.mode = ""', "listen.mode", ""],
    ["a dollar alone", "listen.allowed_clients = a$b", "listen.allowed_clients", "a$b"],
    ["an equals sign in quotes", 'listen.allowed_clients = "a=b"', "listen.allowed_clients", "a=b"],
    ["none", "listen.allowed_clients = none", "listen.allowed_clients", ""],
    ["yes as a text", "listen.allowed_clients = yes", "listen.allowed_clients", "1"],
    [
      "a word that begins with yes",
      "listen.allowed_clients = yesterday",
      "listen.allowed_clients",
      "yesterday",
    ],
    ["an unset variable", "listen.allowed_clients = x${NOT_SET}y", "listen.allowed_clients", "xy"],
    ["an empty value", "listen.backlog =", "listen.backlog", "0"],
    ["a number beyond 32 bits", "listen.backlog = 4294967297", "listen.backlog", "1"],
    ["a port alone", "listen = 19", "listen", "19"],
    ["IPv6", "listen = [::1]:9000", "listen", "[::1]:9000"],
    ["a star", "listen = *:9000", "listen", "*:9000"],
    ["a path", "listen = /run/a.sock", "listen", "/run/a.sock"],
    ["a relative path", "listen = run/a.sock", "listen", "/usr/run/a.sock"],
    ["the pool's prefix", "prefix = /tmp\nlisten = r/$pool.sock", "listen", "/tmp/r/www.sock"],
    ["a status path", 'pm.status_path = "/a.b_c-d~1"', "pm.status_path", "/a.b_c-d~1"],
    ["a status socket without path", "pm.status_listen = 9100", "pm.status_path", "/"],
    ["a ping path", "ping.path = /ping", "ping.path", "/ping"],
    ["arrays", "php_admin_value[memory_limit] = 1M\nenv[A] = $HOSTNAME", "listen", "9001"],
    ["a slow log", "slowlog = /dev/null\nrequest_slowlog_timeout = 5", "slowlog", "/dev/null"],
  ])("on %s", (_, text, name, value) => {
    expect(settingOf(text, name)).toBe(value);
  });

  it.each([
    ["# as a comment", "# listen = 1"],
    ["# alone", "#"],
    ["an unknown directive", "listenn = 9"],
    ["a directive of [global]", "error_log = /tmp/x"],
    ["a name without a value", "listen"],
    ["an empty variable as a number", "pm.max_children = ${EMPTY}"],
    ["an unset variable as a number", "pm.max_children = ${NOT_SET}"],
    ["no number", "pm.max_children = many"],
    ["a negative number of children", "pm.max_children = -1"],
    ["an unknown unit", "request_terminate_timeout = 5w"],
    ["no time", "request_terminate_timeout ="],
    ["no boolean", "catch_workers_output = maybe"],
    ["no process manager", "pm = many"],
    ["an empty listen", "listen ="],
    ["an open quote", 'user = "a'],
    ["an equals sign in a value", "user = a=b"],
    ["parentheses after a word", "user = a(b)"],
    ["an operator without operand", "listen.backlog = 5|"],
    ["an operator alone", "listen.mode = !"],
    ["an open quote at the start", "listen.mode = 'a"],
    ["an open bracket", "[www"],
    ["~ without quotes", "pm.status_path = /a~1"],
    ["a status path without /", "pm.status_path = status"],
    ["a status path of one character", "pm.status_path = /"],
    ["a status path with a query", "pm.status_path = /status?full"],
    ["a ping path with a blank", "ping.path = /a b"],
    ["an empty ping response", 'ping.path = /ping\nping.response = ""'],
    ["a slow log timeout without slow log", "request_slowlog_timeout = 5"],
    [
      "a slow log timeout beyond the end",
      "slowlog = /dev/null\nrequest_slowlog_timeout = 9\nrequest_terminate_timeout = 3",
    ],
    ["a prefix that is missing", "prefix = /nowhere/at/all"],
    ["an array without a key", "env[] = a"],
    ["an unknown array", "foo[a] = b"],
    ["an empty variable of the environment", "env[A] ="],
    ["a keyword as a name", "yes = 1"],
    ["text after a keyword", "user = yes sir"],
    ["ondemand without idle timeout", "pm = ondemand\npm.process_idle_timeout = 0"],
    ["dynamic without spares", "pm = dynamic"],
    [
      "more spares than children",
      "pm = dynamic\npm.min_spare_servers = 1\npm.max_spare_servers = 9",
    ],
    [
      "fewer spares at most than at least",
      "pm = dynamic\npm.min_spare_servers = 3\npm.max_spare_servers = 2",
    ],
    [
      "a start beyond the spares",
      "pm = dynamic\npm.start_servers = 4\npm.min_spare_servers = 1\npm.max_spare_servers = 2",
    ],
    ["a status socket at the pool's own address", "pm.status_listen = 9001"],
  ])("to refuse %s", (_, text) => {
    expect(compare(write(pool(text)))).toBe("refused");
  });
});

describe("sections and includes", () => {
  const read = (files: string | Record<string, string>) => {
    const found = compare(write(files));
    return found === "refused" ? found : [...found.keys()];
  };

  it("are merged where a section appears twice, whatever its case", () => {
    const file = write(`${pool("")}${pool("", "b", "9002")}[WWW]\npm.max_children = 9\n`);
    const found = compare(file);
    expect(found !== "refused" && found.get("www")?.get("pm.max_children")).toBe("9");
  });

  it("are merged across files, and the last value wins", () => {
    const files = {
      "d/1.conf": pool("pm.max_requests = 5"),
      "d/2.conf": "[www]\npm.max_children = 8\n",
    };
    const found = compare(write({ main: "include = @/d/*.conf", ...files }));
    expect(found !== "refused" && found.get("www")?.get("pm.max_children")).toBe("8");
    expect(found !== "refused" && found.get("www")?.get("pm.max_requests")).toBe("5");
  });

  it("have names with blanks and dots", () => {
    expect(read(pool("", "my pool.example"))).toEqual(["my pool.example"]);
  });

  it("may not have one address twice", () => {
    expect(read(`${pool("")}${pool("", "b")}`)).toBe("refused");
  });

  it("must be at least one", () => {
    expect(read("")).toBe("refused");
  });

  it("can be included by pattern, in [global] and at the top", () => {
    const files = { "d/b.conf": pool("", "b", "2"), "d/a.conf": pool("", "a", "1") };
    expect(read({ main: "include = @/d/*.conf", ...files })).toEqual(["a", "b"]);
  });

  it("take the directives of a file that is included inside a pool", () => {
    const file = write({ main: pool("include = @/more.inc"), "more.inc": "pm.max_children = 8\n" });
    const found = compare(file);
    expect(found !== "refused" && found.get("www")?.get("pm.max_children")).toBe("8");
  });

  it("go on in the last section of an included file", () => {
    const main = "include = @/a.conf\npm.max_children = 6\n";
    const found = compare(write({ main, "a.conf": pool("", "a") }));
    expect(found !== "refused" && found.get("a")?.get("pm.max_children")).toBe("6");
  });

  it("leave out hidden files and folders", () => {
    const files = { "d/.x.conf": "nonsense", "d/y.conf/z": "nonsense", "d/a.conf": pool("") };
    expect(read({ main: "include = @/d/*.conf", ...files })).toEqual(["www"]);
  });

  it.each([
    ["accept a pattern without matches in a folder", "include = @/*.none", ["www"]],
    ["accept a missing file", "include = @/none.conf", ["www"]],
    ["refuse a pattern in a missing folder", "include = @/none/*.conf", "refused"],
    ["refuse a broken file", "include = @/broken", "refused"],
    ["refuse endless includes", "include = @/main", "refused"],
  ])("%s", (_, include, expected) => {
    expect(read({ main: `${pool("")}${include}\n`, broken: "nonsense\n" })).toEqual(expected);
  });

  it("include four levels deep, and not five", () => {
    const chain = (depth: number) => {
      const files: Record<string, string> = { main: "include = @/1\n" };
      for (let level = 1; level < depth; level++) files[level] = `include = @/${level + 1}\n`;
      return { ...files, [depth]: pool("") };
    };
    expect(read(chain(4))).toEqual(["www"]);
    expect(read(chain(5))).toBe("refused");
  });
});
