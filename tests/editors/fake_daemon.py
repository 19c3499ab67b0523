"""A daemon that says what a test wants it to say, at the speed it wants: for texts that no model
can be made to write. It answers what the plugin and `understory bridge` ask."""
import os
import socket
import threading

import msgpack

MODEL = {"name": "fake", "architecture": "llama", "file_type": "F32", "context": 512}


class FakeDaemon:
    """`branches`: the texts to answer with; a list inside is a text in chunks. Chunks after the
    first wait for go()."""

    def __init__(self, path):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self.branches = ["text"]
        self.suppressed = {}
        self.error = None
        self.requests = []
        self.gate = threading.Semaphore(0)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(16)
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def go(self):
        self.gate.release()

    def close(self):
        for s in [self.listener, *self.open]:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        unpacker = msgpack.Unpacker()
        state = {"lua": None, "lock": threading.Lock()}
        while True:
            try:
                data = connection.recv(1 << 16)
            except OSError:
                return
            if not data:
                return
            unpacker.feed(data)
            for message in unpacker:
                threading.Thread(target=self.take, args=[connection, state, message],
                                 daemon=True).start()

    def take(self, connection, state, message):
        is_call = message[0] == 0
        method, params = message[-2], (message[-1] or [{}])[0]
        request = message[1] if is_call else params.get("request")

        def send(value):
            with state["lock"]:
                try:
                    connection.sendall(msgpack.packb(value))
                except OSError:
                    pass

        def notify(name, content):
            if state["lua"]:
                send([2, "nvim_exec_lua", [state["lua"], [name, content]]])
            else:
                send([2, name, [content]])

        def answer(result, error=None):
            if is_call:
                send([1, request, error, None if error else result])
            elif request is not None:
                notify("done", {"request": request, **({"error": error} if error
                                                       else {"result": result})})
        common = {"state": "ready", "version": "0.0.0", "protocol": 1, "pid": 1, "progress": 1.0,
                  "socket": "", "uptime_s": 0.0, "load_ms": 0.0, "clients": 1, "memory": {
                      "device_bytes": 0, "kv_cache_bytes": 0, "resident_bytes": 0},
                  "server": "understoryd", "limits": {"max_request_bytes": 1 << 22,
                                                      "max_answer_bytes": 1 << 26,
                                                      "max_nesting": 32, "max_requests": 64}}
        if method == "hello":
            state["lua"] = params.get("notify_lua")
            answer({**common, "model": MODEL, "device": {"name": "none", "kind": "reference"}})
        elif method == "status":
            answer(common)
        elif method == "complete":
            self.requests.append(params)
            self.complete(params, request, notify, answer)

    def complete(self, params, request, notify, answer):
        if self.error:
            return answer(None, self.error)
        texts = [self.branches[i % len(self.branches)] for i in range(params.get("n", 1))]
        pieces = [t if isinstance(t, list) else [t] for t in texts]
        for i, chunks in enumerate(pieces):
            for j, chunk in enumerate(chunks):
                if j > 0:
                    self.gate.acquire()
                notify("chunk", {"request": request, "branch": i, "text": chunk})
        answer({"branches": [{"text": "".join(p), "tokens": [], "finish_reason": "length",
                              "mean_logprob": -1.0, "seed": 1,
                              **({"suppressed": self.suppressed[i]} if i in self.suppressed
                                 else {})}
                             for i, p in enumerate(pieces)],
                "timings": {"ttft_ms": 1.0}, "model": "fake", "device": "none"})
