import { type Command, Option } from "commander";
import { ByteCollector } from "../../bytes.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import type { Describer } from "../decode/describer.js";
import {
  type DescribedProtocol,
  describedProtocols,
  describerFor,
  RECOGNISED_LENGTH,
} from "../decode/recognise.js";
import { ExitCode } from "../exit-codes.js";
import { type Io, inputStream, openInput, standardInput, unreadableInput } from "../io.js";
import { parsePositive } from "../parse-values.js";
import { errorLines } from "../report-error.js";

interface DecodeCommandOptions {
  protocol: DescribedProtocol | "auto";
  bytes: number;
}

const help = `
Reads the raw bytes of one direction of a connection. For FastCGI, shows one
line per record: its offset, type, request id, content length, padding length
and content; variables follow, one per line. For SCGI and uwsgi requests, and
for responses of SCGI, uwsgi and CGI, shows the head and the body. Of a file
that fcgi-probe tap --save has written, shows both directions of all
connections.

Exit status: 0 success, 2 malformed or truncated bytes, or bad input; the offset
and the reason are on standard error; 130 interrupted by Ctrl-C.

Examples:
  fcgi-probe decode capture.bin
  fcgi-probe decode --protocol uwsgi --bytes 200 < request.bin
  socat -u TCP-LISTEN:9000 - | fcgi-probe decode
`;

export function defineDecode(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[FILE]", "a file of captured bytes; - is standard input", "-")
    .addOption(
      new Option("--protocol <name>", "the protocol; auto recognises it by the first bytes")
        .choices([...describedProtocols, "auto"])
        .default("auto"),
    )
    .option("--bytes <count>", "bytes of each content to show", parsePositive, 64)
    .addHelpText("after", help)
    .action(async (file: string, options: DecodeCommandOptions) => {
      finish(await runDecode(file, options, io));
    });
}

async function runDecode(file: string, options: DecodeCommandOptions, io: Io): Promise<ExitCode> {
  try {
    const input = file === "-" ? standardInput(io) : inputStream(openInput(file), io.signal);
    await describe(input, options, io);
    return ExitCode.Fine;
  } catch (error) {
    if (io.signal.aborted) return ExitCode.Interrupted;
    await io.stderr.writeLines(errorLines(asGatewayError(error, file), io.stderr.style));
    return ExitCode.Failed;
  }
}

async function describe(
  input: AsyncIterable<Uint8Array>,
  { protocol, bytes: most }: DecodeCommandOptions,
  io: Io,
): Promise<void> {
  const first = new ByteCollector();
  let describer: Describer | undefined;
  for await (const chunk of input) {
    let bytes = chunk;
    if (describer === undefined) {
      first.push(chunk);
      if (first.length < RECOGNISED_LENGTH) continue;
      bytes = first.take();
      describer = describerFor(bytes, protocol, most);
    }
    for (const line of describer.push(bytes)) await io.stdout.write(`${line}\n`);
  }
  if (describer === undefined) {
    if (first.length === 0) throw new GatewayError(ErrorCode.BadInput, "there are no bytes");
    describer = describerFor(first.bytes, protocol, most);
    for (const line of describer.push(first.take())) await io.stdout.write(`${line}\n`);
  }
  for (const line of describer.end()) await io.stdout.write(`${line}\n`);
}

function asGatewayError(error: unknown, file: string): GatewayError {
  const address = file === "-" ? "standard input" : file;
  if (!(error instanceof GatewayError)) {
    return unreadableInput((error as Error).message, error).with({ address });
  }
  const { code, message, offset } = error;
  return new GatewayError(code, message, { address, hint: hintOf(code), offset, cause: error });
}

/** What to check of a capture. The usual hints are about connections. */
function hintOf(code: ErrorCode): string {
  switch (code) {
    case ErrorCode.Malformed:
      return "the bytes before are on standard output; set the protocol with --protocol";
    case ErrorCode.Truncated:
    case ErrorCode.ClosedWithoutAnswer:
      return "the capture is incomplete, or of another protocol: see --protocol";
    case ErrorCode.BadInput:
      return "give a file with captured bytes, or - for standard input";
    default:
      return "set the protocol: --protocol fastcgi, scgi or uwsgi";
  }
}
