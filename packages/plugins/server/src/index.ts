// Configuration
export type { ServerConfig } from "./config-file.js";
export { defineConfig } from "./config-file.js";
export type { PluginEntry } from "./plugin-source.js";
// The API, for an application that brings its own process
export type { HttpServerOptions } from "./http-server.js";
export { createHttpServer } from "./http-server.js";
// What other plugins contribute to
export type { ServerPlugin } from "./extend/server-plugin.js";
export { createServerPlugin } from "./extend/server-plugin.js";
export type {
  Caller,
  CallerEmit,
  CallerEmitOptions,
  PluginRoute,
  Refusal,
  RouteMethod,
  RouteOptions,
  RouteRequest,
  TextParameters,
} from "./extend/plugin-route.js";
export { defineRoute, routes } from "./extend/plugin-route.js";
export type { CommandCall, CommandOptions, PluginCommand } from "./extend/plugin-command.js";
export { commands, defineCommand } from "./extend/plugin-command.js";
// The whole service
export type { Service, ServiceAddress } from "./service.js";
export { createService } from "./service.js";
export type { ServiceSettings, SettingName, SettingSources, SettingValue } from "./settings.js";
export { readSettings } from "./settings.js";
