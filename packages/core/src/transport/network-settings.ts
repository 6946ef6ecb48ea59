import { type EgressProxy, parseEgressProxy } from "./egress-proxy.js";
import { parseNameServers } from "./name-servers.js";
import { type ClientCertificate, readCertificates, readClientCertificate } from "./tls-identity.js";

/** The settings of how deliveries leave, as texts; each empty where it is not set. */
export interface NetworkSettings {
  readonly egressProxy: string;
  readonly nameServers: string;
  readonly certificateAuthorities: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** The same, read and checked. */
export interface Network {
  readonly egressProxy: EgressProxy | undefined;
  readonly nameServers: readonly string[];
  readonly certificateAuthorities: readonly string[];
  readonly clientCertificate: ClientCertificate | undefined;
}

/** @throws HookwrightError `configuration_invalid` that names the setting, and shows nothing of a password or key. */
export function readNetwork(settings: NetworkSettings): Network {
  const client = { cert: settings.clientCertificate, key: settings.clientKey };
  return {
    egressProxy: parseEgressProxy(settings.egressProxy),
    nameServers: parseNameServers(settings.nameServers),
    certificateAuthorities: readCertificates(settings.certificateAuthorities, "The setting certificateAuthorities"),
    clientCertificate: readClientCertificate(client, {
      cert: "The setting clientCertificate",
      key: "The setting clientKey",
    }),
  };
}
