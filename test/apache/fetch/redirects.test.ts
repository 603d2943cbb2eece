import { describe, expect, it } from "vitest";
import { fetchServerStatusPage, fetchWorkerPage } from "../../../src/apache/fetch/fetch-status.js";
import { StatusSource } from "../../../src/apache/fetch/status-source.js";
import { fixture } from "../fixtures.js";
import { serve, serveBytes, serveSecurely } from "../serve.js";

const text = fixture("event-idle--auto.txt");

/** The URLs that a server got, and the header fields of the last request. */
interface Asked {
  readonly urls: string[];
  headers: NodeJS.Dict<string | string[]>;
}

/** A server that redirects to the URL that the function returns, and has the page elsewhere. */
async function redirecting(
  locationOf: (path: string) => string | undefined,
  status = 302,
): Promise<[url: string, asked: Asked]> {
  const asked: Asked = { urls: [], headers: {} };
  const url = await serve((request, response) => {
    asked.urls.push(request.url ?? "");
    asked.headers = request.headers;
    const location = locationOf(request.url ?? "");
    if (location === undefined) response.end(text);
    else response.writeHead(status, { location }).end("moved");
  });
  return [url, asked];
}

describe("a redirect of a status page", () => {
  it.each([301, 302, 303, 307, 308])("is followed on the same server: %d", async (status) => {
    const [url, asked] = await redirecting(
      (path) => (path === "/s" ? "/t?auto" : undefined),
      status,
    );
    const { page, connection } = await fetchServerStatusPage(`${url.replace("//", "//u:p@")}/s`);
    expect(page).toEqual(text);
    expect(asked.urls).toEqual(["/s", "/t?auto"]);
    expect(asked.headers["authorization"]).toBe("Basic dTpw");
    expect(`http://${connection?.remoteAddress}:${connection?.remotePort}`).toBe(url);
  });

  it("is followed to the requested host name, at the same address", async () => {
    const [url, asked] = await redirecting((path) =>
      path === "/s" ? "http://www.example.com/t" : undefined,
    );
    const { page, isElsewhere } = await fetchServerStatusPage(`${url}/s`, {
      host: "www.example.com",
    });
    expect([page, isElsewhere]).toEqual([text, false]);
    expect(asked.urls).toEqual(["/s", "/t"]);
    expect(asked.headers["host"]).toBe("www.example.com");
  });

  it("is followed 10 times, and no more", async () => {
    const [url, asked] = await redirecting((path) => `${path}x`);
    await expect(fetchServerStatusPage(`${url}/`)).rejects.toMatchObject({
      code: "bad_status",
      message: expect.stringContaining("redirects more than 10 times"),
    });
    expect(asked.urls).toHaveLength(11);
  });

  it("does not extend the deadline", async () => {
    const url = await serve((request, response) => {
      setTimeout(() => response.writeHead(302, { location: `${request.url}x` }).end(), 60);
    });
    await expect(fetchServerStatusPage(`${url}/`, { timeout: 200 })).rejects.toMatchObject({
      code: "deadline",
    });
  });

  it("to another server is refused, without a connection to it", async () => {
    let connections = 0;
    const other = await serveBytes(() => connections++);
    const location = `${other.replace("//", "//u:s3cret@")}/t`;
    const [url] = await redirecting(() => location);
    const refusal = {
      code: "bad_status",
      message: `Failed to retrieve Apache status page from ${url}/s! It redirects to another server: ${other}/t`,
      address: `${url}/s`,
    };
    await expect(fetchWorkerPage(`${url}/s`)).rejects.toMatchObject(refusal);
    await expect(new StatusSource(`${url}/s`).workers()).rejects.toMatchObject(refusal);
    await expect(fetchServerStatusPage(`${url}/s`)).rejects.toMatchObject(refusal);
    expect(connections).toBe(0);
  });

  it.each([
    ["another scheme", (url: string) => url.replace("http:", "https:")],
    ["another port", (url: string) => url.replace(/\d+$/, "1")],
    ["another name", (url: string) => url.replace("127.0.0.1", "localhost")],
    ["another address", (url: string) => url.replace("127.0.0.1", "127.0.0.2")],
    ["another protocol", () => "ftp://127.0.0.1/"],
    ["a script", () => "javascript:alert(1)"],
    ["no URL", () => "http://[x/"],
  ])("is refused to %s", async (_, change) => {
    let own = "";
    const [url] = await redirecting(() => change(own));
    own = url;
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject({
      code: "bad_status",
      message: expect.stringContaining("another server"),
    });
  });

  it("to another server may be followed, without the credentials and headers for the first", async () => {
    const [other, asked] = await redirecting(() => undefined);
    const [url] = await redirecting(() => `${other}/t?auto`);
    const found = await fetchServerStatusPage(`${url.replace("//", "//u:p@")}/s`, {
      followOrigins: true,
      host: "www.example.com",
      headers: { cookie: "a=1" },
    });
    expect(found).toMatchObject({ page: text, url: `${other}/t?auto`, isElsewhere: true });
    expect(asked.headers).not.toMatchObject({ authorization: expect.anything() });
    expect(asked.headers).not.toMatchObject({ cookie: expect.anything() });
    expect(asked.headers["host"]).toBe(new URL(other).host);
    const status = await new StatusSource(`${url}/s`, { followOrigins: true }).status();
    expect(status.warnings).toEqual([expect.stringContaining(`this is the page of ${other}`)]);
  });

  it("without a location is an error like any other", async () => {
    const url = await serve((_, response) => response.writeHead(302).end());
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject({
      code: "bad_status",
      message: expect.stringContaining("got 302 instead"),
    });
  });
});

describe("a status page over TLS", () => {
  it("is refused with a self-signed certificate, with a hint", async () => {
    const url = await serveSecurely((_, response) => response.end(text));
    const refusal = { code: "connect_failed", hint: expect.stringContaining("--insecure") };
    await expect(fetchServerStatusPage(url)).rejects.toMatchObject(refusal);
  });

  it("does not get the password before the certificate is accepted", async () => {
    const asked: string[] = [];
    const url = await serveSecurely((request) => asked.push(request.url ?? ""));
    await fetchServerStatusPage(url.replace("//", "//u:p@")).catch(() => {});
    expect(asked).toEqual([]);
  });

  it("is read with any certificate if that is allowed", async () => {
    const url = await serveSecurely((_, response) => response.end(text));
    const { page, connection } = await fetchServerStatusPage(url, { insecure: true });
    expect(page).toEqual(text);
    expect(connection?.remotePort).toBe(Number(new URL(url).port));
  });

  it("gets the host name by SNI and Host, at the address of the URL", async () => {
    const names: (string | false | null)[] = [];
    const url = await serveSecurely(
      (request, response) => response.end(request.headers.host),
      (name) => names.push(name),
    );
    const options = { insecure: true, host: "www.example.com:444" };
    const { page } = await fetchServerStatusPage(url, options);
    expect(new TextDecoder().decode(page)).toBe("www.example.com:444");
    await fetchServerStatusPage(url, { insecure: true });
    expect(names).toEqual(["www.example.com", false]);
  });

  it("says whether the port expects TLS", async () => {
    const plain = await serve((_, response) => response.end(text));
    await expect(fetchServerStatusPage(plain.replace("http:", "https:"))).rejects.toMatchObject({
      code: "wrong_protocol",
      hint: expect.stringContaining("write http://"),
    });
    const secure = await serveSecurely((_, response) => response.end(text));
    await expect(fetchServerStatusPage(secure.replace("https:", "http:"))).rejects.toMatchObject({
      hint: expect.stringContaining("https://"),
    });
  });

  it("has a deadline for the handshake", async () => {
    const url = await serveBytes(() => {});
    const error = await fetchServerStatusPage(url.replace("http:", "https:"), {
      timeout: 100,
    }).catch((reason) => reason);
    expect(error).toMatchObject({ code: "deadline", hint: expect.stringContaining("TLS") });
  });
});
