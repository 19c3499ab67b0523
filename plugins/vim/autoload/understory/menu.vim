" Completion menus: Vim's own, and those that plugins draw themselves.

function! understory#menu#is_open() abort
  return pumvisible() || exists('*coc#pum#visible') && coc#pum#visible() || s:lua()
endfunction

if has('nvim')
  function! s:lua() abort
    return luaeval('require("understory.menu").is_open()')
  endfunction
else
  function! s:lua() abort
    return 0
  endfunction
endif
