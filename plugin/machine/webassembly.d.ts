// The part of the WebAssembly JavaScript interface that the machine uses; TypeScript has it only in its DOM library.
declare namespace WebAssembly {
  type ExportValue = ((...args: (number | bigint)[]) => unknown) | Memory | Table | Global;
  type ImportValue = ((...args: never[]) => number | bigint | undefined | void) | Memory | Table | Global;

  class Module {
    constructor(bytes: Uint8Array);
    static customSections(module: Module, name: string): ArrayBuffer[];
    static exports(module: Module): { name: string; kind: string }[];
    static imports(module: Module): { module: string; name: string; kind: string }[];
  }

  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, ImportValue>>);
    readonly exports: Record<string, ExportValue>;
  }

  class Memory {
    constructor(descriptor: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(delta: number): number;
  }

  class Table {
    constructor(descriptor: { element: "anyfunc"; initial: number; maximum?: number });
    readonly length: number;
  }

  class Global {
    constructor(descriptor: { value: "i32" | "i64"; mutable?: boolean }, value?: number | bigint);
    value: number | bigint;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function validate(bytes: Uint8Array): boolean;
}
