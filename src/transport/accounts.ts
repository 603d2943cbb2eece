import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { ErrorCode, GatewayError } from "../errors.js";

/** A user of this machine. */
export interface User {
  uid: number;
  /** The user's primary group. Undefined for a number without an account. */
  gid: number | undefined;
  name: string | undefined;
  home: string | undefined;
}

/** Milliseconds that a directory service may take to look up a name. */
const LOOKUP_TIME = 5_000;

/**
 * Looks up a user by name or number. A string of digits is a number, as in PHP-FPM's configuration.
 *
 * @throws GatewayError `bad_input` when no account has the name
 */
export function findUser(user: string | number): User {
  const id = numberOf(user, "user");
  const entry = find("passwd", id ?? (user as string));
  if (entry !== undefined) {
    const [name, , uid, gid, , home] = entry;
    return { uid: Number(uid), gid: Number(gid), name, home };
  }
  if (id === undefined) throw unknown("user", user);
  return { uid: id, gid: undefined, name: undefined, home: undefined };
}

/** Looks up a group's number, see {@link findUser}. */
export function findGroup(group: string | number): number {
  const id = numberOf(group, "group");
  if (id !== undefined) return id;
  const entry = find("group", group as string);
  if (entry === undefined) throw unknown("group", group);
  return Number(entry[2]);
}

/** The fields of an account, from its file, or from another source of the system such as LDAP. */
function find(database: "passwd" | "group", key: string | number): string[] | undefined {
  const field = typeof key === "number" ? 2 : 0;
  const entries = linesOf(database).map((line) => line.split(":"));
  const found = entries.find((entry) => entry.length > 2 && entry[field] === `${key}`);
  // getent would take a key that begins with - for an option.
  if (found !== undefined || /^(-|$)/.test(`${key}`)) return found;
  try {
    const line = execFileSync("getent", [database, `${key}`], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: LOOKUP_TIME,
    });
    return line.trimEnd().split(":");
  } catch {
    return undefined;
  }
}

function linesOf(database: string): string[] {
  try {
    return readFileSync(`/etc/${database}`, "utf8").split("\n");
  } catch {
    return [];
  }
}

function numberOf(value: string | number, kind: string): number | undefined {
  if (typeof value === "string" && !/^\d+$/.test(value)) return undefined;
  const id = Number(value);
  // To the system, 0xffff_ffff means "leave it as it is".
  if (Number.isInteger(id) && id >= 0 && id < 0xffff_ffff) return id;
  throw new GatewayError(ErrorCode.BadInput, `${value} is not the number of a ${kind}`);
}

function unknown(kind: string, name: string | number): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `there is no ${kind} "${name}" on this machine`, {
    hint: "give a name that getent knows, or a number",
  });
}
