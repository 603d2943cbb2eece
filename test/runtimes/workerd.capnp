using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (
      name = "edge",
      worker = (
        compatibilityDate = "2026-10-01",
        modules = [
          (name = "worker.js", esModule = embed "worker.js"),
          (name = "codec.wasm", wasm = embed "codec.wasm"),
        ],
        bindings = [(name = "PHP", service = "php-fpm")],
      ),
    ),
    # connect() of a Worker may reach this machine only by such a service.
    (name = "internet", network = (allow = ["local"])),
    # A unix socket: its address is given on the command line.
    (name = "php-fpm", external = (tcp = ())),
  ],
);
