"""How an editor asks for ghost text, for bench/typing: as our clients ask understoryd, and as
llama.vim asks llama-server.

Both keep a suggestion that the typed characters confirm, wait `debounce_ms` after a key before they
ask, and ask greedily for the same number of tokens. What differs is what each can do:

  understoryd   streams; a key that the suggestion does not confirm cancels the request
  llama-server  answers when all is there; while it is at work no other request is sent, and the
                editor looks again every 100 ms (llama.vim's timer)
"""
import dataclasses
import select
import time

from rpc import as_bytes

RETRY_MS = 100


class Clock:
    """Milliseconds. Jumps over times in which nothing happens, unless told not to."""

    def __init__(self, real_time=False):
        self.real_time_ = real_time
        self.ahead_ = 0.0

    def now(self):
        return 1000 * time.monotonic() + self.ahead_

    def idle_until(self, at):
        if self.real_time_:
            time.sleep(max(0.0, at - self.now()) / 1000)
        else:
            self.ahead_ += max(0.0, at - self.now())


@dataclasses.dataclass(eq=False)
class Request:
    """What is measured; times by the clock."""

    prefix: str
    appended: bool  # since the request before, text was only added at the cursor
    sent_at: float
    text: str = ""  # so far
    typed: str = ""  # since it was sent, at the end of the prefix
    keys: list = dataclasses.field(default_factory=list)  # (when, length of typed after it)
    first_at: float | None = None  # when some text was there
    done_at: float | None = None
    superseded_at: float | None = None
    n_prefilled: int | None = None  # prompt tokens computed, healed ones too; None: not known
    n_tokens: int = 0  # decoded
    n_late: float = 0  # of those, after it was superseded
    number: int = 0  # understoryd's

    def confirmed(self):
        return self.text.startswith(self.typed) or self.typed.startswith(self.text)

    def used_up(self):
        return self.done_at is not None and len(self.typed) >= len(self.text)


class Completer:
    """The editor's side: keys go in, `shown` is on the screen."""

    def __init__(self, clock, debounce_ms, n_tokens):
        self.clock_ = clock
        self.debounce_ms_ = debounce_ms
        self.n_tokens_ = n_tokens
        self.requests = []
        self.current_ = None  # the request whose suggestion stands or is awaited
        self.due_ = None  # when to ask
        self.prefix_ = ""
        self.appended_ = False

    @property
    def shown(self):
        """The suggestion at the cursor; empty where there is none."""
        request = self.current_
        return request.text[len(request.typed):] if request and request.confirmed() else ""

    def key(self, prefix, added=None):
        """A key was pressed: the text before the cursor is `prefix`, longer by `added` where the
        key wrote something at its end."""
        now = self.clock_.now()
        request = self.current_
        self.prefix_ = prefix
        self.appended_ = self.appended_ and added is not None
        if request and added is not None:
            request.typed += added
            request.keys.append((now, len(request.typed)))
        if request and (added is None or not request.confirmed() or request.used_up()):
            self.drop_(request, now)
        if self.current_ is None:
            self.due_ = now + self.debounce_ms_

    def run_until(self, at):
        """Lets what happens before `at` happen. Jumps over times in which nothing is at work."""
        while (now := self.clock_.now()) < at:
            if self.due_ is not None and now >= self.due_:
                self.ask_(now)
                continue
            wake = at if self.due_ is None else min(at, self.due_)
            if self.busy_():
                self.wait_((wake - now) / 1000)
            else:
                self.clock_.idle_until(wake)

    def finish(self):
        """Waits for what is at work."""
        self.due_ = None
        while self.busy_():
            self.wait_(1)
        self.current_ = None
        self.appended_ = False

    def ask_(self, now):
        self.due_ = None
        request = Request(self.prefix_, self.appended_, now)
        self.requests.append(request)
        self.current_ = request
        self.appended_ = True
        self.send_(request)

    def drop_(self, request, now):
        self.current_ = None
        if request.done_at is None:
            request.superseded_at = now
            self.cancel_(request)

    def answered_(self, request):
        """The request is done. Its suggestion may have been overtaken while it was made."""
        request.done_at = self.clock_.now()
        if request is self.current_ and (not request.confirmed() or request.used_up()):
            self.current_ = None
            if request.typed:
                self.due_ = self.due_ or request.done_at


class UnderstoryCompleter(Completer):
    def __init__(self, client, *settings):
        super().__init__(*settings)
        self.client_ = client
        self.open_ = {}  # by request number

    def send_(self, request):
        number = self.client_.send("complete", prefix=request.prefix, max_tokens=self.n_tokens_,
                                   temperature=0.0, document="typing")
        self.open_[number] = request
        request.number = number

    def cancel_(self, request):
        self.client_.send("cancel", request=request.number)

    def busy_(self):
        return bool(self.open_)

    def wait_(self, timeout_s):
        for message in self.client_.arrived(timeout_s):
            if message[0] == 2 and message[1] == "chunk":
                self.take_chunk_(message[2][0])
            elif message[0] == 1 and message[1] in self.open_:
                self.take_answer_(self.open_.pop(message[1]), message[3])

    def take_chunk_(self, chunk):
        request = self.open_[chunk["request"]]
        request.text += as_bytes(chunk["text"]).decode(errors="replace")
        if request.first_at is None:
            request.first_at = self.clock_.now()
        if request is self.current_ and not request.confirmed():
            self.drop_(request, self.clock_.now())
            self.due_ = self.clock_.now()  # the key that it does not confirm is past already

    def take_answer_(self, request, answer):
        if answer is not None:  # else it was cancelled before anything was made
            timings = answer["timings"]
            request.n_prefilled = (timings["prompt_tokens"] - timings["cached_tokens"]
                                   + timings.get("healed_tokens", 0))
            request.n_tokens = len(answer["branches"][0]["tokens"])
            request.n_late = timings.get("late_tokens", 0)
        self.answered_(request)


class LlamaVimCompleter(Completer):
    def __init__(self, peer, *settings):
        super().__init__(*settings)
        self.peer_ = peer
        self.running_ = None  # (connection, request)

    def send_(self, request):
        self.running_ = (self.peer_.begin_completion(request.prefix, self.n_tokens_), request)

    def cancel_(self, request):
        pass  # it runs to its end

    def ask_(self, now):
        if self.running_:
            self.due_ = now + RETRY_MS
        else:
            super().ask_(now)

    def busy_(self):
        return self.running_ is not None

    def wait_(self, timeout_s):
        connection, request = self.running_
        if not wait_readable(connection.sock, timeout_s):
            return
        self.running_ = None
        answer = self.peer_.end_completion(connection)
        request.text = answer["content"]
        request.first_at = self.clock_.now()
        request.n_prefilled = answer["timings"]["prompt_n"]
        request.n_tokens = answer["timings"]["predicted_n"]
        if request is self.current_:
            request.superseded_at = self.first_unconfirmed_(request)
        request.n_late = self.late_tokens_(request, answer["timings"])
        self.answered_(request)

    @staticmethod
    def first_unconfirmed_(request):
        """When the key was pressed that the answer, had it been there, would not have confirmed."""
        for when, length in request.keys:
            if not request.text.startswith(request.typed[:length]):
                return when
        return None

    def late_tokens_(self, request, timings):
        """Tokens decoded after that key, taking them to be spaced evenly."""
        if request.superseded_at is None or timings["predicted_ms"] <= 0:
            return 0
        ended_at = self.clock_.now()
        late_ms = min(timings["predicted_ms"], ended_at - request.superseded_at)
        return request.n_tokens * max(0.0, late_ms) / timings["predicted_ms"]


def wait_readable(socket, timeout_s):
    return bool(select.select([socket], [], [], max(0.0, timeout_s))[0])
