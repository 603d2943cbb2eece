import { hashKey } from "../../engine/hash-key.js";

/** How the value of a line is read. */
export type FieldKind = "text" | "number" | "load" | "scoreboard";

/** A line of the text page that this program knows. */
export interface TextPageField {
  readonly key: string;
  readonly kind: FieldKind;
  /** Its place in {@link textPageFields}, which is where it stands among the values of a page. */
  readonly index: number;
  readonly hash: number;
}

/** The keys in the order of the page. */
const kinds = {
  ServerVersion: "text",
  ServerMPM: "text",
  "Server Built": "text",
  CurrentTime: "text",
  RestartTime: "text",
  ParentServerConfigGeneration: "number",
  ParentServerMPMGeneration: "number",
  ServerUptimeSeconds: "number",
  ServerUptime: "text",
  Load1: "load",
  Load5: "load",
  Load15: "load",
  "Total Accesses": "number",
  "Total kBytes": "number",
  "Total Duration": "number",
  CPUUser: "number",
  CPUSystem: "number",
  CPUChildrenUser: "number",
  CPUChildrenSystem: "number",
  CPULoad: "number",
  Uptime: "number",
  ReqPerSec: "number",
  BytesPerSec: "number",
  BytesPerReq: "number",
  DurationPerReq: "number",
  BusyWorkers: "number",
  GracefulWorkers: "number",
  IdleWorkers: "number",
  Processes: "number",
  Stopping: "number",
  ConnsTotal: "number",
  ConnsAsyncWaitIO: "number",
  ConnsAsyncWriting: "number",
  ConnsAsyncKeepAlive: "number",
  ConnsAsyncClosing: "number",
  Scoreboard: "scoreboard",
} as const satisfies Record<string, FieldKind>;

export type FieldKey = keyof typeof kinds;

/** In the order of the page. */
export const textPageFields: readonly TextPageField[] = Object.entries(kinds).map(
  ([key, kind], index) => ({ key, kind, index, hash: hashKey(key) }),
);

/** Where each key stands in {@link textPageFields}. */
export const fieldIndex = Object.fromEntries(
  textPageFields.map(({ key, index }) => [key, index]),
) as Readonly<Record<FieldKey, number>>;

const byHash = new Map(textPageFields.map((field) => [field.hash, field]));
const byFoldedKey = new Map(textPageFields.map((field) => [foldKey(field.key), field]));

/** The field whose key has this hash. Another key that has it too is one in 100 million. */
export function fieldByHash(hash: number): TextPageField | undefined {
  return byHash.get(hash);
}

/** The field of a key in any case, with any blanks between its words. */
export function fieldByKey(key: string): TextPageField | undefined {
  return key.length > 64 ? undefined : byFoldedKey.get(foldKey(key));
}

function foldKey(key: string): string {
  return key.trim().replace(/\s+/g, " ").toLowerCase();
}
