import { describe, expect, it } from "vitest";
import { answeringServer } from "../../../src/apache/processes/answering-server.js";
import { FakeTable, MACHINE, processOf } from "../fake-processes.js";

const master = processOf(100, { parentPid: 1 });
const connection = {
  localAddress: "127.0.0.1",
  localPort: 50_000,
  remoteAddress: "127.0.0.1",
  remotePort: 80,
};
const nginx = processOf(50, { parentPid: 1, name: "nginx", executable: "/usr/sbin/nginx" });

/** An httpd, another one, and a front end; the first has the socket. */
const machine = () =>
  new FakeTable([
    master,
    processOf(101),
    processOf(200, { parentPid: 1 }),
    processOf(201, { parentPid: 200 }),
    nginx,
  ]);
const reasonOf = (table: FakeTable, at: typeof connection | undefined = connection) =>
  answeringServer(at, table).doubt?.reason;

describe("the httpd that has answered", () => {
  it("is the one that has the socket which listens there", () => {
    const { server, doubt } = answeringServer(connection, machine());
    expect(doubt).toBeUndefined();
    expect(server?.master.pid).toBe(100);
    expect(server?.children.map(({ pid }) => pid)).toEqual([101]);
  });

  it("is the other one if that has it", () => {
    const table = machine();
    table.openSockets.set(100, new Set(["9"])).set(200, new Set(["1", "9"]));
    expect(answeringServer(connection, table).server?.master.pid).toBe(200);
  });

  it("has all the sockets that share the port", () => {
    const table = machine();
    table.listening = ["1", "2"];
    expect(answeringServer(connection, table).server).toBeUndefined();
    table.openSockets.set(100, new Set(["1", "2"]));
    expect(answeringServer(connection, table).server?.master.pid).toBe(100);
  });

  it("may have a mount namespace of its own, as systemd's PrivateTmp makes it", () => {
    const table = machine();
    table.otherNamespaces.set(100, { ...MACHINE, mount: "mnt:[2]" });
    expect(answeringServer(connection, table)).toMatchObject({ doubt: undefined });
  });

  it.each([
    ["pid", { pid: "pid:[2]" }, "httpd (process 100) has a pid namespace of its own"],
    ["net", { net: "net:[2]" }, "httpd (process 100) has a network namespace of its own"],
    [
      "root",
      { mount: "mnt:[2]", root: "9:9" },
      "httpd (process 100) has a root directory of its own",
    ],
  ])("is not proven in a container: %s", (_, other, reason) => {
    const table = machine();
    table.otherNamespaces.set(100, { ...MACHINE, ...other });
    const { server, doubt } = answeringServer(connection, table);
    expect(server?.master.pid).toBe(100);
    expect(doubt?.reason).toBe(reason);
    expect(doubt?.hint).toContain("--master 100");
  });

  it("is not proven if this user may not see its namespaces", () => {
    const table = machine();
    table.otherNamespaces.set(100, undefined);
    expect(reasonOf(table)).toBe("this user may not see the namespaces of httpd (process 100)");
  });
});

describe("no httpd is known to have answered", () => {
  it("behind a front end, which is named", () => {
    const table = machine();
    table.openSockets.set(100, new Set()).set(50, new Set(["1"]));
    const { server, doubt } = answeringServer(connection, table);
    expect(server).toBeUndefined();
    expect(doubt).toEqual({
      reason: "nginx (process 50) listens on 127.0.0.1:80, and its program is not named like httpd",
      hint: "give the URL of httpd itself, or --master PID",
    });
  });

  it("on another machine", () => {
    const reason = reasonOf(machine(), { ...connection, remoteAddress: "192.0.2.1" });
    expect(reason).toBe("192.0.2.1:80 is not on this machine");
  });

  it("where nothing listens, as at the port of a container", () => {
    const table = machine();
    table.listening = [];
    const at = { ...connection, remoteAddress: "::1" };
    expect(reasonOf(table, at)).toBe("no process that is visible here listens on [::1]:80");
  });

  it("where this user may not see its sockets", () => {
    const table = machine();
    table.openSockets.set(100, undefined);
    const { doubt } = answeringServer(connection, table);
    expect(doubt?.reason).toBe("this user may not see the sockets of httpd (process 100)");
    expect(doubt?.hint).toContain("run it as root");
  });

  it("where this user may see no process that has the socket", () => {
    const table = machine();
    table.openSockets.set(100, new Set()).set(200, new Set());
    expect(reasonOf(table)).toBe("this user may not see which process listens on 127.0.0.1:80");
  });

  it("where two have a socket each, and share the port", () => {
    const table = machine();
    table.listening = ["1", "2"];
    table.openSockets.set(50, new Set(["2"]));
    expect(answeringServer(connection, table).doubt).toEqual({
      reason: "apache2 (process 100) and nginx (process 50) share the port of 127.0.0.1:80",
      hint: "give --master PID",
    });
  });

  it("where two share the socket", () => {
    const table = machine();
    table.openSockets.set(200, new Set(["1"]));
    expect(reasonOf(table)).toBe("the httpds 100 and 200 share the socket of 127.0.0.1:80");
  });

  it("on a connection that is not known", () => {
    expect(answeringServer(undefined, machine()).doubt?.reason).toBe(
      "the address that answered is unknown",
    );
  });
});
