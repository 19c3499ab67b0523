" Keys of buffers where Understory is on. A key does its work while a suggestion is shown and
" otherwise what it did before, whoever mapped it and whenever.

" Actions that work without a suggestion.
let s:always = ['next', 'previous', 'trigger']

" Maps what is not mapped yet. Also after another plugin has taken a key for itself: that
" mapping is then what the key falls back to.
function! understory#keys#map() abort
  if !exists('b:understory_before')
    let b:understory_before = {}
  endif
  for [l:action, l:keys] in items(understory#config#keys())
    if hasmapto('<Plug>(understory-' .. s:plug(l:action) .. ')', 'i')
      continue  " the writer's own choice
    endif
    for l:key in l:keys
      if maparg(l:key, 'i') !~# 'understory#keys#press'
        call s:map(l:action, l:key)
      endif
    endfor
  endfor
endfunction

function! s:plug(action) abort
  return tr(a:action, '_', '-')
endfunction

function! s:map(action, key) abort
  let l:before = maparg(a:key, 'i', 0, 1)
  if has_key(l:before, 'callback')
    let l:before.callback = 1
    call luaeval('require("understory.keys").keep(_A)', a:key)
  endif
  let b:understory_before[a:key] = get(l:before, 'buffer') ? l:before : {}
  execute printf('imap <buffer> <silent> <expr> %s understory#keys#press(%s, %s)',
        \ a:key, string(a:action), string('<lt>' .. a:key[1:]))
endfunction

function! understory#keys#unmap() abort
  for [l:key, l:before] in items(get(b:, 'understory_before', {}))
    if maparg(l:key, 'i') =~# 'understory#keys#press'
      execute 'iunmap <buffer> ' .. l:key
      if !empty(l:before)
        call s:define(l:key, l:before)
      endif
    endif
  endfor
  unlet! b:understory_before
endfunction

function! understory#keys#press(action, key) abort
  if understory#ghost#rest() !=# '' || index(s:always, a:action) >= 0 && !s:has_other_use(a:key)
    return "\<Plug>(understory-" .. s:plug(a:action) .. ')'
  endif
  let l:before = get(b:understory_before, a:key, {})
  let l:before = empty(l:before) ? s:global(a:key) : l:before
  let l:name = '(understory-before-' .. substitute(a:key, '[^A-Za-z-]', '\=char2nr(submatch(0))', 'g') .. ')'
  call s:define('<Plug>' .. l:name, empty(l:before) ? #{rhs: a:key, noremap: 1} : l:before)
  return "\<Plug>" .. l:name
endfunction

function! s:has_other_use(key) abort
  return !empty(get(b:understory_before, a:key, {})) || !empty(s:global(a:key))
endfunction

" The mapping of all buffers, {} where there is none. Looked up when it is needed: it may have
" come late.
function! s:global(key) abort
  let l:maps = has('nvim') ? nvim_get_keymap('i') : filter(maplist(), {_, m -> m.mode =~# '[i!]' && !m.buffer})
  let l:found = filter(l:maps, {_, m -> m.lhs ==? a:key})
  return empty(l:found) ? {} : l:found[0]
endfunction

" Gives `key` the mapping that a dictionary of maparg() describes.
function! s:define(key, map) abort
  if has_key(a:map, 'callback')
    return luaeval('require("understory.keys").define(_A)', #{key: a:key, lhs: a:map.lhs, buffer: a:map.buffer})
  endif
  let l:flags = (get(a:map, 'expr') ? '<expr>' : '') .. (get(a:map, 'silent') ? '<silent>' : '')
        \ .. (get(a:map, 'nowait') ? '<nowait>' : '')
  let l:rhs = substitute(a:map.rhs, '\c<SID>', '<SNR>' .. get(a:map, 'sid') .. '_', 'g')
  " What begins with its own key is not mapped again.
  let l:plain = get(a:map, 'noremap') || get(a:map, 'script') || stridx(a:map.rhs, get(a:map, 'lhs', "\n")) == 0
  execute (l:plain ? 'inoremap' : 'imap') '<buffer>' l:flags a:key substitute(l:rhs, '|', '<Bar>', 'g')
endfunction
