"""A real Redis Cluster and real Sentinels for tests: servers of redis_server, joined by their own commands. Nothing here uses
bauta: slots are moved and keys are looked at through each node itself."""
import contextlib
import time

import redis_server
import servers

SLOTS = 16384


def slot(key):
    """CRC-16/XMODEM of the hash tag, bit by bit, as the cluster specification has it."""
    at = key.find(b"{")
    end = key.find(b"}", at + 1) if at >= 0 else -1
    crc = 0
    for byte in key[at + 1:end] if end > at + 1 else key:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc % SLOTS


def wait_for(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited too long for " + what)
        time.sleep(0.03)


class Cluster:
    """`n` masters, each with its share of the slots. `more`: as for Redis."""

    def __init__(self, dir, name, n=3, conf=(), **more):
        lines = ["cluster-enabled yes", "cluster-node-timeout 5000", "cluster-allow-replica-migration no", *conf]
        buses = [servers.free_port() for _ in range(n)]
        self.nodes = [redis_server.Redis(dir, f"{name}-{i}", [*lines, f"cluster-port {buses[i]}"], **more) for i in range(n)]
        self.clients = [node.client() for node in self.nodes]
        self.ids = [c("CLUSTER", "MYID").decode() for c in self.clients]
        self.owner = {}
        for i, c in enumerate(self.clients):
            first, last = i * SLOTS // n, (i + 1) * SLOTS // n - 1
            c("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
            c("CLUSTER", "ADDSLOTSRANGE", first, last)
            self.owner.update(dict.fromkeys(range(first, last + 1), i))
            self.clients[0]("CLUSTER", "MEET", "127.0.0.1", self.nodes[i].port, buses[i])
        wait_for(lambda: all(self.info(c)[b"cluster_state"] == b"ok" and int(self.info(c)[b"cluster_known_nodes"]) == n
                             for c in self.clients), "the cluster to form")

    @staticmethod
    def info(c):
        return dict(line.split(b":", 1) for line in c("CLUSTER", "INFO").split(b"\r\n") if b":" in line)

    def url(self, more="", account="", which=(0,), tls=False):
        hosts = ",".join(f"127.0.0.1:{self.nodes[i].tls_port if tls else self.nodes[i].port}" for i in which)
        return f"redis{'s' if tls else ''}://{account + '@' if account else ''}{hosts}/0{more}"

    def __call__(self, *words):
        """A command to the master of its key, or without a key to all; keys of slots on their way are not asked for."""
        if len(words) == 1:
            return self.everywhere(*words)
        key = words.index("STREAMS") + 1 if "STREAMS" in words else 2 if words[0] == "XGROUP" else 1
        return self.clients[self.owner[slot(redis_server.Client.bytes_of(words[key]))]](*words)

    @contextlib.contextmanager
    def client(self):
        yield self

    def pipe(self, commands):
        for i, c in enumerate(self.clients):
            c.pipe([w for w in commands if self.owner[slot(redis_server.Client.bytes_of(w[1]))] == i])

    def everywhere(self, *words):
        return [c(*words) for c in self.clients]

    def keys_of(self, node, n=1):
        """Slots of a node that hold a key, the first n."""
        found = sorted({slot(key) for key in self.clients[node]("KEYS", "*")})
        return [s for s in found if self.owner[s] == node][:n]

    def begin_move(self, number, to):
        source = self.owner[number]
        self.clients[to]("CLUSTER", "SETSLOT", number, "IMPORTING", self.ids[source])
        self.clients[source]("CLUSTER", "SETSLOT", number, "MIGRATING", self.ids[to])

    def move_keys(self, number, to, most=None):
        keys = self.clients[self.owner[number]]("CLUSTER", "GETKEYSINSLOT", number, most or 100000)
        if keys:
            self.clients[self.owner[number]]("MIGRATE", "127.0.0.1", self.nodes[to].port, "", 0, 10000, "KEYS", *keys)
        return keys

    def end_move(self, number, to):
        for i in (to, self.owner[number]):
            self.clients[i]("CLUSTER", "SETSLOT", number, "NODE", self.ids[to])
        self.owner[number] = to

    def move(self, number, to):
        self.begin_move(number, to)
        self.move_keys(number, to)
        self.end_move(number, to)

    def keyspace(self, ours=False):
        """Of all nodes; a key at two nodes is an error."""
        whole = {}
        for node in self.nodes:
            of_one = node.keyspace(ours=ours)
            assert not set(of_one) & set(whole), "a key at two nodes"
            whole.update(of_one)
        return whole

    def close(self):
        for c in self.clients:
            c.close()
        for node in self.nodes:
            node.close()


class Sentinels:
    """`n` sentinels that watch `master` under `name`; all of them have to agree. `password`: of the sentinels."""

    def __init__(self, dir, name, master, n=3, password=None):
        self.name, self.password, self.nodes = name, password, []
        for i in range(n):
            lines = ["sentinel resolve-hostnames no",
                     f"sentinel monitor {name} 127.0.0.1 {master.port} {n // 2 + 1}",
                     f"sentinel down-after-milliseconds {name} 500", f"sentinel failover-timeout {name} 5000"]
            self.nodes.append(redis_server.Sentinel(dir, f"sentinel-{name}-{i}", lines, password=password))
        wait_for(lambda: all(int(self.of(node)[b"num-other-sentinels"]) == n - 1 and int(self.of(node)[b"num-slaves"]) == 1
                             for node in self.nodes), "the sentinels to know each other")

    def of(self, node):
        with node.client() as c:
            return redis_server.pairs(c("SENTINEL", "MASTER", self.name))

    def replica_ready(self):
        with self.nodes[0].client() as c:
            return all(redis_server.pairs(r)[b"master-link-status"] == b"ok" for r in c("SENTINEL", "REPLICAS", self.name))

    def failover(self):
        """To the replica, by command; waits until all sentinels say so."""
        before = self.of(self.nodes[0])[b"port"]
        with self.nodes[0].client() as c:
            c("SENTINEL", "FAILOVER", self.name)
        wait_for(lambda: all(self.of(node)[b"port"] != before for node in self.nodes), "the failover", 30)

    def url(self, name=None, db=0, more=""):
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        secret = "sentinel_password=" + self.password if self.password else ""
        words = "&".join(w for w in (secret, more) if w)
        return f"redis+sentinel://{hosts}/{name or self.name}/{db}" + ("?" + words if words else "")

    def close(self):
        for node in self.nodes:
            node.close()
