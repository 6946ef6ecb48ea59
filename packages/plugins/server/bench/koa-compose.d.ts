/** As much of it as the benchmark calls; its own types would bring all of koa's. */
declare module "koa-compose" {
  type KoaMiddleware = (context: object, next: () => Promise<unknown>) => unknown;

  export default function compose(
    layers: readonly KoaMiddleware[],
  ): (context: object, next: () => Promise<unknown>) => Promise<unknown>;
}
