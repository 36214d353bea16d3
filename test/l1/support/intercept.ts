import type { Provider } from "ethers";

/** `provider` with some of its methods replaced. */
export function intercept(provider: Provider, methods: Partial<Provider>): Provider {
  return new Proxy(provider, {
    get(target, property) {
      if (Object.hasOwn(methods, property)) return methods[property as keyof Provider];
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
