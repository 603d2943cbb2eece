#!/usr/bin/env node
// The small handler as a CGI program.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../lib/package.mjs";
import handler from "./small-handler.mjs";

const { serveCgi } = await import(pathToFileURL(join(root, "dist", "server.js")).href);
process.exitCode = await serveCgi(handler);
