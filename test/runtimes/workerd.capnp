using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(
    name = "codec",
    worker = (
      compatibilityDate = "2026-10-01",
      modules = [
        (name = "worker.js", esModule = embed "worker.js"),
        (name = "codec.wasm", wasm = embed "codec.wasm"),
      ],
    ),
  )],
);
