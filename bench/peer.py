"""llama-server as a peer to compare with: started for one run, asked over HTTP.

The launcher is a program called as `LAUNCHER server MODEL PORT [ARGS]` that runs llama-server
on 127.0.0.1:PORT in the foreground.
"""
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from rpc import REPO

DEFAULT_LAUNCHER = os.environ.get("UNDERSTORY_PEER", str(REPO.parent / "shared/peer/peer.sh"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peer:
    """llama-server with F16 KV cache, for the length of a `with` block, on its CPU backend or
    ("vulkan") on its first Vulkan device, which may be a CPU driver. One thread where it is free to
    choose: its spinning barriers are slow on a busy machine. With full_precision the Vulkan backend
    leaves out what rounds activations to 8 or 16 bits."""

    # It leaves CPU drivers out unless one is named.
    VULKAN_ENVIRONMENT = {"GGML_VK_VISIBLE_DEVICES": "0"}
    FULL_PRECISION = {f"GGML_VK_DISABLE_{name}": "1"
                      for name in ("F16", "INTEGER_DOT_PRODUCT", "COOPMAT", "COOPMAT2")}

    def __init__(self, model, launcher=DEFAULT_LAUNCHER, context=2048, threads=1, log=None,
                 backend="cpu", full_precision=False):
        self.port_ = free_port()
        self.command_ = [launcher, "server", str(model), str(self.port_), "-c", str(context),
                         "-np", "1", "-t", str(threads)]
        if backend == "vulkan":
            self.command_ += ["-dev", "Vulkan0", "-ngl", "99"]
        self.environment_ = self.VULKAN_ENVIRONMENT | (self.FULL_PRECISION if full_precision else {})
        self.log_ = open(log or os.devnull, "w")

    def __enter__(self):
        # A session of its own: the launcher's children end with it.
        self.process_ = subprocess.Popen(self.command_, stdout=self.log_, stderr=self.log_,
                                         stdin=subprocess.DEVNULL, start_new_session=True,
                                         env=os.environ | self.environment_)
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and self.process_.poll() is None:
            try:
                if self.get_("/health").get("status") == "ok":
                    return self
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("the peer did not become ready")

    def __exit__(self, *_):
        try:
            os.killpg(self.process_.pid, signal.SIGTERM)
            self.process_.wait(20)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.process_.pid, signal.SIGKILL)
            self.process_.wait()
        self.log_.close()

    def url_(self, path):
        return f"http://127.0.0.1:{self.port_}{path}"

    def get_(self, path):
        with urllib.request.urlopen(self.url_(path), timeout=10) as answer:
            return json.load(answer)

    def post_(self, path, **body):
        request = urllib.request.Request(self.url_(path), json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def begin_completion(self, prompt, n_tokens):
        """Asks for a greedy continuation of a text whose beginning stays cached, and does not wait:
        the connection's socket becomes readable when the answer is there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port_, timeout=600)
        connection.request("POST", "/completion",
                           json.dumps({"prompt": prompt, "n_predict": n_tokens, "temperature": 0,
                                       "cache_prompt": True}),
                           {"Content-Type": "application/json"})
        return connection

    @staticmethod
    def end_completion(connection):
        """The answer to begin_completion(), waited for."""
        with contextlib.closing(connection):
            return json.load(connection.getresponse())

    def tokenize(self, text):
        """Token ids as a completion would see them, BOS included where the model adds one."""
        return self.post_("/tokenize", content=text, add_special=True)["tokens"]

    def detokenize(self, ids):
        return self.post_("/detokenize", tokens=ids)["content"]

    def next_token(self, ids, top):
        """The likeliest next tokens [(id, logprob), ...], before any sampler."""
        # A token that ends inside a character would be reported without probabilities: another
        # one is forced. The reported ones come from the logits before the bias.
        answer = self.post_("/completion", prompt=ids, n_predict=1, n_probs=top, temperature=0,
                            cache_prompt=False, logit_bias=[[self.plain_token_(), 1000.0]])
        step = answer["completion_probabilities"][0]
        return [(t["id"], t["logprob"]) for t in step["top_logprobs"]]

    def plain_token_(self):
        return self.post_("/tokenize", content="a", add_special=False)["tokens"][-1]

    def greedy(self, ids, n_tokens):
        """Ids of a greedy continuation, without the token that ends a text."""
        return self.post_("/completion", prompt=ids, n_predict=n_tokens, temperature=0,
                          cache_prompt=False, return_tokens=True)["tokens"]
