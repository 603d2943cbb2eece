// A web server for PHP in Node: what nginx does with fastcgi_pass. Files come from the disk, scripts run
// in php-fpm, and every other path is left to /index.php.
//
//   npm install fcgi-probe @fastify/send
//   node php-front-end.mjs unix:/run/php/php8.2-fpm.sock /var/www/html 8080
import { createServer } from "node:http";
import { createClient, toNodeHandler } from "fcgi-probe";

const [address = "unix:/run/php/php8.2-fpm.sock", root = "/var/www/html", port = "8080"] =
  process.argv.slice(2);

// The client says once where the backend is, and which site it serves.
const client = createClient(address, { root, timeout: 60_000 });

const server = createServer(
  toNodeHandler(client, {
    static: true,
    // The browser gets 502, 503 or 504.
    onError: (error, request) => console.error(`${request.method} ${request.url}: ${error}`),
  }),
);
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`listening at http://127.0.0.1:${server.address().port}`);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    server.close();
    // Waits for the requests that run.
    await client.close();
  });
}
