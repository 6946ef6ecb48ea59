// Configuration
export type { ServerConfig } from "./config-file.js";
export { defineConfig } from "./config-file.js";
// The API, for an application that brings its own process
export type { HttpServerOptions } from "./http-server.js";
export { createHttpServer } from "./http-server.js";
// The whole service
export type { Service, ServiceAddress } from "./service.js";
export { createService } from "./service.js";
export type { ServiceSettings, SettingName, SettingSources, SettingValue } from "./settings.js";
export { readSettings } from "./settings.js";
