// Checks the types of our own scripts in console/static/js: `node tools/types.mjs`. Needs node and npm; TypeScript is fetched into a
// folder that is thrown away, by its version and the digest of its archive. What vendored files give is declared in tools/types/.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const VERSION = "5.9.3";
const INTEGRITY = "sha512-jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw==";

const work = mkdtempSync(join(tmpdir(), "types-"));
try {
  const named = { private: true, dependencies: { typescript: VERSION } };
  const archive = { version: VERSION, resolved: `https://registry.npmjs.org/typescript/-/typescript-${VERSION}.tgz`, integrity: INTEGRITY };
  writeFileSync(join(work, "package.json"), JSON.stringify(named));
  writeFileSync(join(work, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages: { "": named, "node_modules/typescript": archive } }));
  // `ci` installs what the lock says, or nothing.
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: work, stdio: "inherit" });
  // Beside declarations in place of the vendored files, whose own thousands of lines nobody here wrote.
  cpSync(new URL("types/", import.meta.url), work, { recursive: true });
  cpSync(new URL("../src/commonwatch/console/static/js/", import.meta.url), join(work, "js"), { recursive: true });
  process.exitCode = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc"], { cwd: work, stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
