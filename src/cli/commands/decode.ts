import { type Command, Option } from "commander";
import { Protocol } from "../../address.js";
import type { CapturedProtocol } from "../../capture/capture.js";
import { createDescriber } from "../../describe/create-describer.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { ExitCode } from "../exit-codes.js";
import { type Io, inputStream, openInput, standardInput, unreadableInput } from "../io.js";
import { parsePositive } from "../parse-values.js";
import { errorLines } from "../report-error.js";

const protocols: ReadonlyMap<string, CapturedProtocol> = new Map([
  ["fastcgi", Protocol.FastCgi],
  ["scgi", Protocol.Scgi],
  ["uwsgi", Protocol.Uwsgi],
]);

interface DecodeCommandOptions {
  protocol: string;
  bytes: number;
  port?: number;
}

const help = `
Reads the raw bytes of one direction of a connection. For FastCGI, shows one
line per record: its offset, type, request id, content length, padding length
and content; variables follow, one per line. For SCGI and uwsgi requests, and
for responses of SCGI, uwsgi and CGI, shows the head and the body.

Of a capture, shows both directions of all connections, > for what the client
sent and < for what the backend sent: of pcap and pcapng files, which tcpdump
and Wireshark write; of the output of strace, for unix sockets; and of what
fcgi-probe tap --save has written. The protocol of each connection is
recognised. Bytes that the capture does not have are reported.

Exit status: 0 success, 2 malformed or truncated bytes, or bad input; the offset
and the reason are on standard error; 130 interrupted by Ctrl-C.

Examples:
  fcgi-probe decode capture.bin
  fcgi-probe decode --protocol uwsgi --bytes 200 < request.bin
  socat -u TCP-LISTEN:9000 - | fcgi-probe decode
  tcpdump -i lo -s 0 -U -w - port 9000 | fcgi-probe decode --port 9000
  strace -f -xx -s 65535 -e trace=read,write,recvfrom,sendto,sendmsg,writev,\
accept,accept4,close -o php.strace -p PID; fcgi-probe decode php.strace
`;

export function defineDecode(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("[FILE]", "a file of captured bytes; - is standard input", "-")
    .addOption(
      new Option("--protocol <name>", "the protocol; auto recognises it by the first bytes")
        .choices([...protocols.keys(), "auto"])
        .default("auto"),
    )
    .option("--bytes <count>", "bytes of each content to show", parsePositive, 64)
    .option("--port <number>", "describe only connections to this port, of packets", parsePort)
    .addHelpText("after", help)
    .action(async (file: string, options: DecodeCommandOptions) => {
      finish(await runDecode(file, options, io));
    });
}

function parsePort(text: string): number {
  const port = parsePositive(text);
  if (port <= 65_535) return port;
  throw new GatewayError(ErrorCode.BadInput, `"${text}" is not a port`, {
    hint: "write a number from 1 to 65535",
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
  { protocol, ...options }: DecodeCommandOptions,
  io: Io,
): Promise<void> {
  const describer = createDescriber({ ...options, protocol: protocols.get(protocol) });
  for await (const chunk of input) {
    for (const line of describer.push(chunk)) await io.stdout.write(`${line}\n`);
  }
  for (const line of describer.end()) await io.stdout.write(`${line}\n`);
}

function asGatewayError(error: unknown, file: string): GatewayError {
  const address = file === "-" ? "standard input" : file;
  if (!(error instanceof GatewayError)) {
    return unreadableInput((error as Error).message, error).with({ address });
  }
  const { code, message, offset } = error;
  return new GatewayError(code, message, { address, hint: hintOf(error), offset, cause: error });
}

/** What to check of a capture. The usual hints are about connections. */
function hintOf({ code, hint }: GatewayError): string {
  switch (code) {
    case ErrorCode.Malformed:
      return "the bytes before are on standard output; set the protocol with --protocol";
    case ErrorCode.Truncated:
    case ErrorCode.ClosedWithoutAnswer:
      return "the capture is incomplete, or of another protocol: see --protocol";
    case ErrorCode.BadInput:
      return hint;
    default:
      return "set the protocol: --protocol fastcgi, scgi or uwsgi";
  }
}
