// `connect` and `listen` of the runtime that this runs in.
const modules = {
  bun: "./sockets-bun.mjs",
  deno: "./sockets-deno.mjs",
  node: "./sockets-node.mjs",
};
const name = globalThis.Bun ? "bun" : globalThis.Deno ? "deno" : "node";

export const { connect, listen } = await import(modules[name]);
