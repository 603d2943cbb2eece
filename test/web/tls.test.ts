import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/exporter/settings.js";
import { fileOf, makeCertificates } from "./certificates.js";
import { dial, exchange, type Handler, listenForTest, requestText } from "./listen-for-test.js";

const certificates = makeCertificates();
const { folder, issue } = certificates;
issue("next", "DNS:localhost");
issue("client", "DNS:a.example,email:ops@a.example,IP:::1,URI:spiffe://a/x");
const stranger = makeCertificates();
stranger.issue("client", "DNS:a.example");
const ca = readFileSync(fileOf(certificates, "ca.crt"));
const config = join(folder, "web.yml");
const pair = "cert_file: server.crt, key_file: server.key";

function listenTls(more = "", rest = "", handler?: Handler) {
  writeFileSync(config, `tls_server_config: { ${pair}${more} }\n${rest}\n`);
  return listenForTest(handler, { webConfigFile: config });
}

/** A client's certificate and key. */
const identity = (from = certificates) => ({
  cert: readFileSync(fileOf(from, "client.crt")),
  key: readFileSync(fileOf(from, "client.key")),
});

async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca, ...options });
  await once(socket, "secureConnect");
  return socket;
}

/** The answer to a request by TLS; empty when the listener closes, or refuses the handshake. */
async function ask(port: number, options: ConnectionOptions = {}): Promise<string> {
  try {
    const socket = await handshake(port, options);
    socket.write(requestText("/"));
    return await text(socket);
  } catch {
    return "";
  }
}

/** What curl prints. */
function curl(port: number, ...args: string[]): Promise<string> {
  const target = [`https://localhost:${port}/x`, "--resolve", `localhost:${port}:127.0.0.1`];
  const all = ["-sS", "--cacert", fileOf(certificates, "ca.crt"), ...args, ...target];
  return new Promise((resolve, reject) => {
    execFile("curl", all, (error, out) => (error === null ? resolve(out) : reject(error)));
  });
}

describe("a listener with a certificate", () => {
  it("tells a client of plain HTTP what is wrong, as Go's servers do, and logs it", async () => {
    const records: string[] = [];
    const log = ({ level, message }: LogRecord) => records.push(`${level}: ${message}`);
    writeFileSync(config, `tls_server_config: { ${pair} }\n`);
    const { port } = await listenForTest(undefined, { webConfigFile: config, log });
    expect(await exchange(port, requestText("/metrics"))).toBe(
      "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    );
    expect(records).toEqual(["debug: a client sent plain HTTP to the port of HTTPS"]);
    expect(await exchange(port, "neither of them\r\n\r\n")).not.toContain("HTTP");
    expect(await ask(port)).toContain("fine");
  });

  it("answers curl by HTTP/2 and by HTTP/1.1, as https", async () => {
    const { port, isTls } = await listenTls("", "", (request) => new Response(request.url));
    expect(isTls).toBe(true);
    for (const [flag, version] of [
      ["--http2", "2"],
      ["--http1.1", "1.1"],
    ] as const) {
      const out = await curl(port, flag, "-w", " %{http_version}");
      expect(out).toBe(`https://localhost:${port}/x ${version}`);
    }
  });

  it("offers no HTTP/2 when it is off", async () => {
    const { port } = await listenTls("", "http_server_config: { http2: false }");
    const socket = await handshake(port, { ALPNProtocols: ["h2", "http/1.1"] });
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.destroy();
  });

  it("answers many requests of one HTTP/2 connection, and HEAD without a body", async () => {
    const { port } = await listenTls("", "", ({ method }) => new Response(method));
    const session = connectHttp2(`https://localhost:${port}`, { ca });
    const answers = ["GET", "HEAD", "POST"].map(async (method) => {
      const stream = session.request({ ":path": "/", ":method": method });
      stream.end();
      const [headers] = await once(stream, "response");
      return [headers[":status"], await text(stream)];
    });
    expect(await Promise.all(answers)).toEqual([
      [200, "GET"],
      [200, ""],
      [200, "POST"],
    ]);
    session.close();
  });

  it.each([
    ["TLSv1.1", "", undefined],
    ["TLSv1.2", "", "TLSv1.2"],
    ["TLSv1.3", "", "TLSv1.3"],
    ["TLSv1.3", ", max_version: TLS12", undefined],
    ["TLSv1.2", ", min_version: TLS13", undefined],
    ["TLSv1.1", ", min_version: TLS11", "TLSv1.1"],
  ] as const)("speaks %s with%s: %s", async (version, more, spoken) => {
    const { port } = await listenTls(more);
    const old = version === "TLSv1.1" ? { ciphers: "DEFAULT@SECLEVEL=0" } : {};
    const options = { minVersion: version, maxVersion: version, ...old };
    const socket = await handshake(port, options).catch(() => undefined);
    expect(socket?.getProtocol()).toBe(spoken);
    socket?.destroy();
  });

  it("takes only the cipher suites and curves that are listed", async () => {
    const suites = "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]";
    const { port } = await listenTls(`, ${suites}, curve_preferences: [CurveP384]`);
    const socket = await handshake(port, { maxVersion: "TLSv1.2" });
    expect(socket.getCipher().name).toBe("ECDHE-ECDSA-AES256-GCM-SHA384");
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: "secp384r1" });
    socket.destroy();
    const ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
    expect(await ask(port, { maxVersion: "TLSv1.2", ciphers })).toBe("");
    expect(await ask(port, { ecdhCurve: "X25519" })).toBe("");
  });

  it("is accepted by openssl s_client", async () => {
    const { port } = await listenTls();
    const child = spawn("openssl", [
      "s_client",
      "-connect",
      `127.0.0.1:${port}`,
      "-servername",
      "localhost",
      "-CAfile",
      fileOf(certificates, "ca.crt"),
      "-verify_return_error",
      "-brief",
      "-ign_eof",
    ]);
    const out = text(child.stderr);
    child.stdin.write(requestText("/"));
    expect(await text(child.stdout)).toContain("fine");
    expect(await out).toContain("Verification: OK");
  });

  it("shows a new certificate to the next connection, and keeps the ones it has", async () => {
    const { port, logged } = await listenTls();
    const first = await handshake(port);
    expect(first.getPeerCertificate().subject.CN).toBe("server");
    writeFileSync(config, "tls_server_config: { cert_file: live.crt, key_file: live.key }");
    for (const end of ["crt", "key"])
      copyFileSync(join(folder, `next.${end}`), join(folder, `live.${end}`));
    const second = await handshake(port);
    expect(second.getPeerCertificate().subject.CN).toBe("next");
    // Only the files of the certificate change, as a renewal does it.
    for (const end of ["crt", "key"])
      copyFileSync(join(folder, `server.${end}`), join(folder, `live.${end}`));
    const third = await handshake(port);
    expect(third.getPeerCertificate().subject.CN).toBe("server");
    first.write(requestText("/"));
    expect(await text(first)).toContain("fine");
    expect(logged).toEqual([]);
    for (const socket of [second, third]) socket.destroy();
  });

  it("answers 500 while its certificate cannot be read, and logs it once", async () => {
    const { port, logged } = await listenTls();
    writeFileSync(config, "tls_server_config: { cert_file: gone.crt, key_file: server.key }");
    expect(await ask(port)).toMatch(/^HTTP\/1.1 500 /);
    expect(await ask(port)).toMatch(/^HTTP\/1.1 500 /);
    expect(logged).toHaveLength(1);
    copyFileSync(join(folder, "server.crt"), join(folder, "gone.crt"));
    expect(await ask(port)).toMatch(/^HTTP\/1.1 200 /);
  });

  it("survives what is not TLS", async () => {
    const { port, logged } = await listenTls();
    for (const bytes of [requestText("/"), "\x16\x03\x01\xff\xff\x01", "\0".repeat(50_000)]) {
      const socket = dial(port);
      socket.end(bytes);
      socket.resume();
      await once(socket, "close");
    }
    expect(await ask(port)).toMatch(/^HTTP\/1.1 200 /);
    expect(logged).toEqual([]);
  });
});

describe("a client's certificate", () => {
  const verify = ", client_ca_file: ca.crt, client_auth_type: ";
  it.each([
    ["NoClientCert", "", [true, true, true]],
    ["RequestClientCert", ", client_auth_type: RequestClientCert", [true, true, true]],
    ["RequireAnyClientCert", ", client_auth_type: RequireAnyClientCert", [false, true, true]],
    ["RequireClientCert", ", client_auth_type: RequireClientCert", [false, true, true]],
    ["VerifyClientCertIfGiven", `${verify}VerifyClientCertIfGiven`, [true, true, false]],
    ["RequireAndVerifyClientCert", `${verify}RequireAndVerifyClientCert`, [false, true, false]],
  ])("%s: none, ours, a stranger's", async (_, more, accepted) => {
    const { port } = await listenTls(more);
    const answers = [
      await ask(port),
      await ask(port, identity()),
      await ask(port, identity(stranger)),
    ];
    expect(answers.map((answer) => answer.startsWith("HTTP/1.1 200"))).toEqual(accepted);
  });

  it.each([
    ["a.example", true],
    ["ops@a.example", true],
    ["::1", true],
    ["spiffe://a/x", true],
    ["b.example", false],
    ["A.example", false],
    ["*.example", false],
    ["client", false],
  ])("has one of the allowed names: %s %s", async (name, isAccepted) => {
    const { port } = await listenTls(
      `${verify}RequireAndVerifyClientCert, client_allowed_sans: ["${name}"]`,
    );
    const answer = await ask(port, identity());
    expect(answer.startsWith("HTTP/1.1 200")).toBe(isAccepted);
  });
});
