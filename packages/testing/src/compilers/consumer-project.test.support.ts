import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = new URL("../../../../", import.meta.url);

/** How a program ended. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/**
 * A folder with the project of a plugin's author: the built packages are installed as the registry would bring them, so that
 * their `exports` decide what is imported.
 */
export class ConsumerProject {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<ConsumerProject> {
    const project = new ConsumerProject(await mkdtemp(join(tmpdir(), "hookwright-consumer-")));
    await mkdir(join(project.folder, "node_modules/@hookwright"), { recursive: true });
    await project.#link("packages/core", "node_modules/@hookwright/core");
    await project.#link("node_modules/@types", "node_modules/@types");
    await project.#link("packages/testing/node_modules/@oxc-project", "node_modules/@oxc-project");
    await project.write("package.json", '{ "type": "module" }');
    return project;
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  /** Copies one of the files that stand for an author's. */
  async writeExample(name: string): Promise<string> {
    const text = await readFile(new URL(`../author-examples/${name}.test.support.ts`, import.meta.url), "utf8");
    await this.write(`${name}.ts`, text);
    return text;
  }

  /** Runs a program of the project by the Node that runs the tests. */
  node(...args: readonly string[]): Promise<Ended> {
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: this.folder }, (error, out, err) => {
        const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ status, out, err });
      });
    });
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  #link(from: string, to: string): Promise<void> {
    return symlink(fileURLToPath(new URL(from, repository)), join(this.folder, to));
  }
}
