#!/usr/bin/env node
import { processIo } from "./command/command-io.js";
import { runProgram } from "./command/program.js";

const exitCode = await runProgram(process.argv.slice(2), processIo());
// Not left to end by itself: a plugin whose start failed may have left a timer behind. What is 0 here ends when it has
// written everything, with the exit code 1 if its answer was bad news.
if (exitCode !== 0) process.exit(exitCode);
