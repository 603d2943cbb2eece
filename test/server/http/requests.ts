/** A GET request of HTTP/1.1; `more` is whole header lines. */
export const get = (path = "/", more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: app.test\r\n${more}\r\n`;

/** The last GET request of a connection. */
export const last = (path = "/", more = "") => get(path, `Connection: close\r\n${more}`);

export const post = (body: string, length = body.length) =>
  `POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${length}\r\n\r\n${body}`;

export const bodyOf = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4);
