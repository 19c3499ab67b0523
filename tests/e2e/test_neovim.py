"""Neovim as it is: sockconnect() with rpc, and what PROTOCOL.md tells it to do."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import LIMIT_S, Daemon

SCRIPT = r"""
local socket, out = ...
local lines = {}
local function check(ok, what)
  table.insert(lines, (ok and 'ok ' or 'FAILED ') .. what)
end
local function finish()
  vim.fn.writefile(lines, out)
  vim.cmd('qall!')
end

local function run()
  local c = vim.fn.sockconnect('pipe', socket, { rpc = true })
  check(c > 0, 'connects')
  check(vim.fn.rpcrequest(c, 'status').state == 'ready', 'status without params')
  check(vim.fn.rpcrequest(c, 'status', {}).state == 'ready', 'status with an empty table')
  local r = vim.fn.rpcrequest(c, 'complete', { prefix = 'It was', max_tokens = 4, n = 2, top_p = 1 })
  check(#r.branches == 2 and type(r.branches[1].text) == 'string', 'complete')
  check(r.branches[1].tokens[1].logprob < 0, 'floats')
  local streamed, done = {}, {}
  function _G.on_understory(method, map)
    if method == 'chunk' then
      streamed[map.request] = (streamed[map.request] or '') .. map.text
    elseif method == 'done' then
      done[map.request] = map
    end
  end
  vim.fn.rpcrequest(c, 'hello', { client = 'neovim-test', notify_lua = 'on_understory(...)' })
  local ok, message = pcall(vim.fn.rpcrequest, c, 'complete', { n = 99 })
  check(not ok and message:find('invalid_argument: n must be', 1, true), 'errors: ' .. message)
  vim.fn.rpcnotify(c, 'complete', { request = 1, prefix = 'It was', max_tokens = 6 })
  vim.fn.rpcnotify(c, 'complete', { request = 2, n = 99 })
  vim.fn.rpcnotify(c, 'complete', { request = 3, prefix = 'It was', max_tokens = 450 })
  vim.wait(LIMIT_MS, function() return streamed[3] end, 5)
  vim.fn.rpcnotify(c, 'cancel', { request = 3 })
  vim.wait(LIMIT_MS, function() return done[1] and done[2] and done[3] end, 5)
  check(done[1] and streamed[1] == done[1].result.branches[1].text, 'streams: ' .. vim.inspect(streamed[1]))
  check(done[2] and done[2].error.code == 'invalid_argument', 'errors of notifications')
  check(done[3] and done[3].result.branches[1].finish_reason == 'cancelled', 'cancels')
  check(vim.v.errmsg == '', 'no error message: ' .. vim.v.errmsg)
end

local ok, problem = xpcall(run, debug.traceback)
check(ok, tostring(problem))
finish()
"""


@unittest.skipUnless(shutil.which("nvim"), "Neovim is not installed")
class Neovim(unittest.TestCase):
    def test_neovim_completes_streams_and_cancels(self):
        with Daemon() as daemon, tempfile.TemporaryDirectory(prefix="us-") as folder:
            script = pathlib.Path(folder) / "client.lua"
            out = pathlib.Path(folder) / "out"
            script.write_text(SCRIPT.replace("LIMIT_MS", str(LIMIT_S * 1000)))
            command = f'lua assert(loadfile("{script}"))("{daemon.socket}", "{out}")'
            subprocess.run(["nvim", "--clean", "--headless", "-n", "-c", command],
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * LIMIT_S,
                           env={**daemon.env, "TERM": "dumb"}, check=True)
            lines = out.read_text().splitlines()
            self.assertEqual([line for line in lines if not line.startswith("ok ")], [])
            self.assertEqual(len(lines), 11)


if __name__ == "__main__":
    unittest.main()
