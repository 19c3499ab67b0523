" Where Understory is on: attaches to buffers and lets go of them again.

function! understory#enabled(buffer) abort
  if !getbufvar(a:buffer, '&modifiable') || getbufvar(a:buffer, '&readonly')
    return 0
  endif
  let l:own = getbufvar(a:buffer, 'understory_enabled', v:null)
  if l:own isnot v:null
    return !!l:own
  endif
  return get(g:, 'understory_enabled', 1)
        \ && index(['', 'acwrite'], getbufvar(a:buffer, '&buftype')) >= 0
        \ && index(understory#config#of(a:buffer, 'filetypes'), getbufvar(a:buffer, '&filetype')) >= 0
endfunction

" Brings the current buffer in line with what is wanted of it.
function! understory#refresh() abort
  let l:wanted = understory#enabled(bufnr())
  if l:wanted && !get(b:, 'understory_attached')
    call understory#attach()
  elseif !l:wanted && get(b:, 'understory_attached')
    call understory#detach()
  endif
endfunction

function! understory#attach() abort
  let b:understory_attached = 1
  augroup understory_buffer
    autocmd! * <buffer>
    autocmd InsertEnter <buffer> call understory#ghost#on_insert_enter()
    autocmd TextChangedI <buffer> call understory#ghost#on_text_changed()
    autocmd CursorMovedI <buffer> call understory#ghost#on_cursor_moved()
    autocmd TextChangedP,CompleteChanged <buffer> call understory#ghost#on_popup()
    autocmd CompleteDone <buffer> call understory#ghost#on_popup_closed()
    autocmd BufWritePost <buffer> call understory#taken#on_written()
    autocmd InsertLeave,BufLeave,WinLeave,BufUnload <buffer> call understory#ghost#on_leave()
  augroup END
  call understory#keys#map()
  if mode() ==# 'i'
    call understory#ghost#on_insert_enter()
  endif
endfunction

function! understory#detach() abort
  autocmd! understory_buffer * <buffer>
  call understory#ghost#on_leave()
  call understory#keys#unmap()
  unlet! b:understory_attached
endfunction

" scope: 'buffer' or 'all'. 'all' also clears this buffer's own wish where it says otherwise.
function! understory#switch(on, scope) abort
  if a:scope ==# 'buffer'
    let b:understory_enabled = a:on
  else
    let g:understory_enabled = a:on
    if get(b:, 'understory_enabled', a:on) != a:on
      unlet b:understory_enabled
    endif
  endif
  if a:on
    call understory#daemon#forgive()
  endif
  let l:here = bufnr()
  for l:window in getwininfo()
    if getbufvar(l:window.bufnr, 'understory_attached') || l:window.bufnr == l:here
      call s:in_window(l:window.winid)
    endif
  endfor
endfunction

function! s:in_window(window) abort
  if a:window == win_getid()
    call understory#refresh()
  else
    call win_execute(a:window, 'call understory#refresh()')
  endif
endfunction

function! understory#toggle(scope) abort
  if index(['', 'buffer', 'all'], a:scope) < 0
    echohl ErrorMsg
    echo 'understory: toggle takes "buffer" or "all"'
    echohl None
    return
  endif
  let l:scope = empty(a:scope) ? 'buffer' : a:scope
  let l:on = l:scope ==# 'all' ? !get(g:, 'understory_enabled', 1) : !get(b:, 'understory_attached')
  call understory#switch(l:on, l:scope)
  echo 'understory: ' .. (l:on ? 'on' : 'off') .. (l:scope ==# 'all' ? '' : ' in this buffer')
endfunction

function! understory#scopes(lead, line, position) abort
  return filter(['buffer', 'all'], {_, v -> stridx(v, a:lead) == 0})
endfunction

" For 'statusline': '' where Understory is off.
function! understory#statusline() abort
  return get(b:, 'understory_attached') ? understory#status#line() : ''
endfunction
