// Writes the page of each error code to docs/errors, where TypeDoc takes them up; `--check` looks whether the site has them.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { errorPages } from "../packages/plugins/server/dist/error-pages.js";

const folder = new URL("errors/", import.meta.url);
const site = new URL("site/", import.meta.url);
const pages = errorPages();

if (process.argv[2] === "--check") checkSite();
else writePages();

function writePages() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const { file, text } of pages) writeFileSync(new URL(file, folder), text);
}

/** Every page is there, and the first one leads to each of the others. */
function checkSite() {
  const index = readFileSync(new URL("documents/Error_codes.html", site), "utf8");
  for (const { file } of pages.slice(1)) {
    const name = file.replace(/\.md$/, "");
    const html = readFileSync(new URL(`documents/Error_codes.${name}.html`, site), "utf8");
    if (!html.includes("What to do") || !index.includes(`Error_codes.${name}.html`))
      throw new Error(`docs/site: the page of ${name} is empty, or the page of all codes does not lead to it`);
  }
}
