// An answer of php-fpm in the parts that have to be the same through nginx and through this package.

/** Headers that a front end adds, or writes in its own way. */
const OF_THE_FRONT_END = [
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "server",
  "transfer-encoding",
];

/**
 * Variables that are about the front end itself or its connection to the client, and those that only
 * nginx sends: DOCUMENT_URI and REDIRECT_STATUS because its usual configuration says so, and
 * HTTP_CONTENT_LENGTH and HTTP_CONTENT_TYPE beside CONTENT_LENGTH and CONTENT_TYPE, which it sends
 * empty where there is no body.
 */
const NAMED_DIFFERENCES = [
  "DOCUMENT_URI",
  "HTTP_CONNECTION",
  "HTTP_CONTENT_LENGTH",
  "HTTP_CONTENT_TYPE",
  "REDIRECT_STATUS",
  "REMOTE_ADDR",
  "REMOTE_PORT",
  "SERVER_ADDR",
  "SERVER_SOFTWARE",
];

const isEmptyContent = (name, value) => name.startsWith("CONTENT_") && value === "";

/** The status, the headers and the body of a response; of echo.php's body, `$_SERVER` apart. */
export async function answerOf(response) {
  const headers = [...response.headers]
    .filter(([name]) => !OF_THE_FRONT_END.includes(name) && name !== "set-cookie")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = await response.text();
  const isEcho = text.startsWith('{"method"');
  const { server, ...body } = isEcho ? JSON.parse(text) : { text };
  const variables = Object.entries(server ?? {})
    .filter(([name, value]) => !NAMED_DIFFERENCES.includes(name) && !isEmptyContent(name, value))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    status: response.status,
    headers,
    cookies: response.headers.getSetCookie(),
    body,
    variables,
  };
}
