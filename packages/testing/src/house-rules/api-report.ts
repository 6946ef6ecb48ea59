import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

/** What came of comparing a package's public surface with its committed report. */
export interface ApiReport {
  /** The committed report, as an absolute path: `<package>/etc/<name>.api.md`. */
  readonly file: string;
  /** The report as it should be, as an absolute path: `<package>/temp/<name>.api.md`, not committed. */
  readonly current: string;
  /** True when the two differed, or no report was there. */
  readonly changed: boolean;
}

/**
 * Compares the built types of a package's main door with the committed report. A second door such as `./internal`
 * promises nothing to anyone outside, so it has no report.
 *
 * @param folder - absolute path of the package; its `dist` must be built
 * @param options - `update` also writes the committed report
 */
export function apiReport(folder: string, { update }: { readonly update: boolean }): ApiReport {
  const config = extractorConfig(folder);
  // With `update`, the extractor copies the report but does not make the folder.
  if (update) mkdirSync(join(folder, "etc"), { recursive: true });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: update,
    // The caller tells what happened; the extractor would print paths of its own folder.
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  return { file: config.reportFilePath, current: config.reportTempFilePath, changed: apiReportChanged };
}

function extractorConfig(folder: string): ExtractorConfig {
  const door = join(folder, "dist/index.d.ts");
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, "package.json"),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: door,
      // What a user compiles against: without our own condition, other packages too are seen through their `dist`.
      compiler: {
        overrideTsconfig: {
          compilerOptions: { target: "es2023", module: "nodenext", strict: true, skipLibCheck: true, types: ["node"] },
          files: [door],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: basename(folder),
        reportFolder: join(folder, "etc"),
        reportTempFolder: join(folder, "temp"),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          // A public signature that names a private type: the report says so at its end.
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
      },
    },
  });
}
