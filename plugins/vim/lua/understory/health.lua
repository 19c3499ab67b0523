-- :checkhealth understory. The findings are those of :UnderstoryStatus (autoload/understory/status.vim).
local M = {}

function M.check()
  local health = vim.health or require('health')
  local start = health.start or health.report_start
  local report = {
    ok = health.ok or health.report_ok,
    warn = health.warn or health.report_warn,
    error = health.error or health.report_error,
  }
  start('understory')
  vim.fn['understory#status#settle']()
  for _, finding in ipairs(vim.fn['understory#status#report']()) do
    local kind, text, advice = finding[1], finding[2], finding[3]
    if kind == 'ok' then
      report.ok(advice == '' and text or text .. '. ' .. advice)
    else
      report[kind](text, { advice })
    end
  end
end

return M
