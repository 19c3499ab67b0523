-- Mappings whose right side is a Lua function: Vimscript cannot hand those on.
local M = {}

-- Our own mapping covers a buffer-local one, so its function is kept when it is first seen.
local kept = {}

local function find(maps, lhs)
  for _, map in ipairs(maps) do
    if map.callback and map.lhs:lower() == lhs:lower() then return map end
  end
end

function M.keep(lhs)
  kept[vim.fn.bufnr() .. lhs] = find(vim.api.nvim_buf_get_keymap(0, 'i'), lhs)
end

function M.define(what)
  local map = what.buffer ~= 0 and kept[vim.fn.bufnr() .. what.lhs]
    or find(vim.api.nvim_get_keymap('i'), what.lhs)
  if not map then return end
  vim.api.nvim_buf_set_keymap(0, 'i', what.key, '', {
    callback = map.callback,
    expr = map.expr == 1,
    noremap = map.noremap == 1,
    silent = map.silent == 1,
    replace_keycodes = map.replace_keycodes == 1 or nil,
  })
end

return M
