-- Menus of Lua plugins, which 'pumvisible()' knows nothing of. Looks only at what is loaded.
local M = {}

local function asked(plugin, question)
  local loaded = package.loaded[plugin]
  if type(loaded) ~= 'table' or type(loaded[question]) ~= 'function' then return false end
  local ok, open = pcall(loaded[question])
  return ok and open == true
end

function M.is_open()
  return asked('cmp', 'visible') or asked('blink.cmp', 'is_visible')
end

return M
