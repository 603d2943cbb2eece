import { readFileSync } from "node:fs";
import { connect, createSecureServer, type Http2SecureServer } from "node:http2";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toNodeHandler } from "../../src/client/front-end/node-handler.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { fileOf, makeCertificates } from "../web/certificates.js";

describeWith(["php-fpm"], "toNodeHandler over TLS", () => {
  const certificates = makeCertificates();
  const ca = readFileSync(fileOf(certificates, "ca.crt"));
  let fpm: PhpFpm;
  let server: Http2SecureServer;
  let url: string;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    const { address } = fpm.pool("www");
    const key = readFileSync(fileOf(certificates, "server.key"));
    const cert = readFileSync(fileOf(certificates, "server.crt"));
    const handler = toNodeHandler({ address, root: fpm.documentRoot });
    server = createSecureServer({ key, cert, allowHTTP1: true }, handler);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await fpm.stop();
  });

  it("speaks HTTP/2, with a body of unknown length", async () => {
    const session = connect(url, { ca });
    try {
      const stream = session.request({ ":method": "POST", ":path": "/echo.php?a=1", "x-a": "b" });
      stream.end("x".repeat(100_000));
      const echo = JSON.parse(await text(stream));
      expect(echo).toMatchObject({
        bodyLength: 100_000,
        server: {
          HTTPS: "on",
          REQUEST_SCHEME: "https",
          SERVER_PROTOCOL: "HTTP/2.0",
          SERVER_NAME: "localhost",
          HTTP_HOST: new URL(url).host,
          HTTP_X_A: "b",
        },
      });
    } finally {
      await new Promise<void>((resolve) => session.close(resolve));
    }
  });

  it("leaves out of HTTP/2 what it cannot have", async () => {
    const session = connect(url, { ca });
    try {
      const stream = session.request({ ":path": "/headers.php?field=HTTP2-Settings:AA" });
      expect(await text(stream)).toBe("headers\n");
    } finally {
      await new Promise<void>((resolve) => session.close(resolve));
    }
  });

  it("speaks HTTP/1.1 on the same port", async () => {
    const echo = await new Promise<string>((resolve, reject) => {
      get(`${url}/echo.php`, { ca, agent: false }, (answer) => resolve(text(answer))).on(
        "error",
        reject,
      );
    });
    expect(JSON.parse(echo).server).toMatchObject({ HTTPS: "on", SERVER_PROTOCOL: "HTTP/1.1" });
  });
});
