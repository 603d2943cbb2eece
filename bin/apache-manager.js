#!/usr/bin/env node
import { main } from "../dist/cli/apache-manager/main.js";

process.exitCode = await main(process.argv.slice(2));
